"""A mock of the language model APIs that coding agents call: scripted, offline, without cost.

It speaks Anthropic's Messages, OpenAI's Responses and Chat Completions, and Gemini's
generateContent, so that a real agent program works against it unchanged. What it answers is
written in the prompt itself or set through `/mock/…`; see `README.md` beside this file.
"""
