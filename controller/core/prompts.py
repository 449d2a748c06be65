"""Prompts: what an agent is told besides the Next Action."""

from controller.core.workload import Workload

_SHOWN = 2000


def prompt_of(work: Workload) -> str:
    """The text of a start.

    A conversation that goes on knows the rest. One that takes over work which was begun in another
    is told so: what that one said last, and to look at the folder before anything else.
    """
    if work.begun or not work.forgotten:
        return work.prompt
    parts = ["This work was begun before, in a conversation that is not to be had any more."]
    if work.recap:
        parts.append(f"Its last words were:\n\n{_quoted(work.recap)}")
    if work.standing:
        parts.append(f"`git status` said of this folder then:\n\n{_quoted(work.standing)}")
    parts.append(
        "First look where it stands (`git status`, `git diff`, `git log -3`, the files in this "
        f"folder), then go on; do nothing twice. The task:\n\n{work.prompt}"
    )
    return "\n\n".join(parts)


def with_answer(action: str, asked: str, answer: str) -> str:
    """The task of an agent that does not know the conversation in which a person was asked."""
    question = f"You asked a person:\n\n{_quoted(asked)}\n\n" if asked else ""
    return f"{action}\n\n{question}A person answered:\n\n{_quoted(answer)}"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text[-_SHOWN:].splitlines())
