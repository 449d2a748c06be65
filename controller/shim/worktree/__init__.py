"""The program that works with git for a run: makes its worktree, and measures its work.

A process of its own, in the run's session: as the agent's user, where the agent runs, without its
secrets. Whatever a repository that agents write to could make git run, it gains nothing here; the
controller itself never runs git, nor reads what a repository says.
"""
