"""What agents on Node are given so that their patience ends: JavaScript, loaded before their own.

Qwen Code tries seven times, keeps to a `retry-after` however long, and tells of neither (0.24.4).
On its terminal, Gemini CLI asks a service that refuses it hundreds of times a second (0.61.0). So
of each request that fails an event is told, in the form of Claude Code's `api_retry`; where it
failed often enough, or the wait is too long, the run ends, and the controller holds the agent and
goes on later.
"""

import json
from enum import StrEnum

PATIENCE = 20
"""Seconds that it may wait by itself."""
RETRIES = 2
"""Of a request; the third attempt is the last."""
_TOLD = 16_384
"""Characters of an answer that are looked at."""


class Client(StrEnum):
    """By what an agent speaks to its service."""

    UNDICI = "undici"
    """A copy of its own."""
    FETCH = "fetch"
    """Node's."""


_PROGRAM = """\
"use strict"
const { basename } = require("node:path")
const asks =
  /\\/(chat\\/completions|v1\\/responses|v1\\/messages|models\\/[^/]+:\\w*[gG]enerateContent)\\b/
let failures = 0

const tell = (event) => {
  const text = JSON.stringify(event)
  if (!HOOK) process.stdout.write(text + "\\n")
  else require("node:child_process").spawnSync(HOOK, { shell: true, input: text })
}

const failed = (error, status, wait) => {
  failures += 1
  const event = { type: "system", subtype: "api_retry", attempt: failures, error }
  tell({ ...event, error_status: status, retry_delay_ms: wait * 1000 })
  if (failures > RETRIES || wait > PATIENCE) process.exit(1)
}

const broke = (error) => {
  const why = error?.cause?.message || error?.message || error?.code || error
  if (error?.name !== "AbortError") failed(`connection failed: ${why}`, 0, 0)
}

const answered = (status, after, body) => {
  if (status < 400) failures = 0
  // What is not tried again the agent tells itself.
  if (status !== 429 && status < 500) return
  let error = {}
  try {
    error = JSON.parse(body).error ?? {}
  } catch {}
  const now = Date.now() / 1000
  // Seconds or a date in the header, seconds since the epoch in the body.
  const waits = [Number(after), Date.parse(after) / 1000 - now, Number(error.resets_at) - now]
  const wait = waits.find((each) => each > 0) ?? 0
  failed(error.message ?? `HTTP status ${status}`, status, wait)
}

// Its own process alone: neither the one that starts it, nor what its commands start.
if (process.argv[1] && OWN.includes(basename(process.argv[1]))) {
  if (OPTIONS) process.env.NODE_OPTIONS = OPTIONS
  else delete process.env.NODE_OPTIONS
  listen()
}
"""
_LISTEN = {
    # Of the undici that it brings; Node's own tells nothing of an answer's body.
    Client.UNDICI: """
function listen() {
  const { subscribe } = require("node:diagnostics_channel")
  const answers = new WeakMap()
  const isAsked = ({ method, path }) => method === "POST" && asks.test(path)
  subscribe("undici:request:headers", ({ request, response }) => {
    if (!isAsked(request)) return
    const names = response.headers.map(String)
    const at = names.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === "retry-after")
    const after = at < 0 ? "" : names[at + 1]
    answers.set(request, { status: response.statusCode, after, body: "" })
  })
  subscribe("undici:request:bodyChunkReceived", ({ request, chunk }) => {
    const answer = answers.get(request)
    if (answer && answer.status >= 400 && answer.body.length < TOLD) answer.body += chunk
  })
  subscribe("undici:request:trailers", ({ request }) => {
    const answer = answers.get(request)
    if (answer) answered(answer.status, answer.after, answer.body)
    answers.delete(request)
  })
  subscribe("undici:request:error", ({ request, error }) => {
    if (isAsked(request)) broke(error)
    answers.delete(request)
  })
}
""",
    Client.FETCH: """
function listen() {
  const plain = globalThis.fetch
  globalThis.fetch = async (input, init) => {
    if (!asks.test(String(input?.url ?? input))) return plain(input, init)
    let answer
    try {
      answer = await plain(input, init)
    } catch (error) {
      broke(error)
      throw error
    }
    const body = answer.ok ? "" : (await answer.clone().text()).slice(0, TOLD)
    answered(answer.status, answer.headers.get("retry-after") ?? "", body)
    return answer
  }
}
""",
}


def patience(client: Client, programs: tuple[str, ...], options: str, hook: str) -> str:
    """The program.

    Args:
        client: By what it speaks to its service.
        programs: What the file of its own process may be called.
        options: What the settings have for `NODE_OPTIONS`: what its commands find there.
        hook: A command line that takes an event from its standard input; empty to print events.
    """
    values = {"OWN": programs, "OPTIONS": options, "HOOK": hook, "RETRIES": RETRIES,
              "PATIENCE": PATIENCE, "TOLD": _TOLD}  # fmt: skip
    lines = (f"const {name} = {json.dumps(value)}\n" for name, value in values.items())
    head, rest = _PROGRAM.split("\n", 1)
    return f"{head}\n{''.join(lines)}{rest}{_LISTEN[client]}"


def node_options(options: str, path: str) -> str:
    """The value of `NODE_OPTIONS` that loads it, whatever the path holds.

    Args:
        options: What the settings have there.
        path: The program's file.
    """
    quoted = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'{options} --require "{quoted}"'.strip()
