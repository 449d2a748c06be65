"""Verdicts: what the controller's loop made of a run that is over, kept beside it.

The loop alone judges: it may run patterns of the user's, which have a time limit in its thread
only, and it knows the run's agent. A look at a run's history reads what it found.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from controller.core.observed import Ending, Result
from controller.runs.documents import as_count, as_reason, as_text, one_of, read_object
from controller.runs.files import write_record

NAME = "verdict.json"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run's end means.

    Attributes:
        ending: What it means.
        reason: CamelCase, more precise than `ending`.
        message: For a person; at most 4096 characters.
        status: The agent's exit status; None where it has none.
    """

    ending: Ending
    reason: str
    message: str
    status: int | None = None


def verdict_of(result: Result) -> Verdict:
    """What is told of a run that ended so."""
    return Verdict(result.ending, result.reason, as_text(result.message), result.status)


def keep_verdict(folder: Path, verdict: Verdict) -> None:
    """Note a verdict in the run's folder; one that is there already is left.

    Raises:
        OSError: It cannot be written.
    """
    if read_verdict(folder) == verdict:
        return
    document = {
        "version": 1, "ending": verdict.ending, "reason": verdict.reason,
        "message": verdict.message, "status": verdict.status,
    }  # fmt: skip
    write_record(folder / NAME, json.dumps(document).encode())


def read_verdict(folder: Path) -> Verdict | None:
    """The verdict on a run; None where none was kept, or the agent put something else there."""
    data = read_object(folder / NAME) or {}
    ending, reason = one_of(data.get("ending"), Ending), as_reason(data.get("reason"))
    if ending is None or not reason:
        return None
    return Verdict(ending, reason, as_text(data.get("message")), as_count(data.get("status"), 255))
