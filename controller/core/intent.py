"""Whose word is the Status cell?

The user and the controller share it. The controller always writes Status, Agent and Last Update
together, so (Status, Last Update) is the row's version: the newest pair that memory knows is no
news, an older one is a stale buffer that some editor saved, and any other pair is the user's word.
So is a known one with the Last Update that the row held already: nothing of the controller's was
written in between, so the last save wins. A stale buffer is told by its older Last Update.
"""

from dataclasses import dataclass
from enum import StrEnum

from controller.core.words import Status, fold

PAIRS_KEPT = 64
"""How many versions of a row are remembered; an editor's buffer is rarely older than that."""


class Intent(StrEnum):
    """What the user wants of a project."""

    RUN = "Run"
    PAUSE = "Pause"
    BLOCK = "Block"
    DONE = "Done"


@dataclass(frozen=True, slots=True)
class Pair:
    """One version of a row: the Status cell without case and blanks, the Last Update cell."""

    status: str
    last_update: str

    @classmethod
    def of(cls, status: str | None, last_update: str) -> "Pair":
        """The pair that two cells make."""
        return cls(fold(status or ""), last_update.strip())


class Word(StrEnum):
    """What a pair read from the row says."""

    NO_NEWS = "NoNews"
    UNWRITTEN = "Unwritten"
    """What stood there before, or a version of ours since then that a slow list was given: the
    newest one did not arrive, and is written again."""
    STALE = "Stale"
    USERS = "Users"


def word_of(pair: Pair, known: tuple[Pair, ...], held: Pair | None) -> Word:
    """Tell what a pair says.

    Args:
        pair: As read.
        known: Every pair seen or written before, the newest last.
        held: The pair that the row held last, as far as is known.
    """
    if known and pair == known[-1]:
        return Word.NO_NEWS
    if pair not in known:
        return Word.USERS
    if held is None or pair == held or pair in _after(known, held):
        return Word.UNWRITTEN
    return Word.USERS if pair.last_update == held.last_update else Word.STALE


def _after(known: tuple[Pair, ...], held: Pair) -> tuple[Pair, ...]:
    """The versions that the controller made since the row held that one."""
    return known[known.index(held) + 1 :] if held in known else ()


def remember(known: tuple[Pair, ...], pair: Pair) -> tuple[Pair, ...]:
    """The known pairs with `pair` as the newest; an older mention of it goes."""
    if known and known[-1] == pair:
        return known
    return (*(item for item in known if item != pair), pair)[-PAIRS_KEPT:]


def intent_of(status: Status | None) -> Intent:
    """What the user's word in the Status cell asks for."""
    match status:
        case Status.PAUSED:
            return Intent.PAUSE
        case Status.BLOCKED:
            return Intent.BLOCK
        case Status.COMPLETED:
            return Intent.DONE
        case _:
            return Intent.RUN


def asks_again(status: Status | None) -> bool:
    """Whether the word, on a completed row, asks for the work to be done again, from the start."""
    return status in {None, Status.PENDING, Status.QUEUED}


def intent_without_memory(status: Status | None, *, paused_by_us: bool) -> Intent:
    """What a row asks for whose history is not known.

    Args:
        status: The word in the cell.
        paused_by_us: The folder of the project's last run tells that it was ended for a more
            important one.
    """
    if status is Status.PAUSED and paused_by_us:
        return Intent.RUN
    return intent_of(status)
