"""The corpus: real files, each with a companion that a person can read.

A companion `name.txt` has a line a fact, `Word: text`:

    What: the story of the file
    Refused: reason         the whole list is refused, and must be edited
    Unavailable: reason     it cannot be read just now
    Line, Column, Says      of that error; `Says` is a part of its message
    Projects: A, B          otherwise: the names of the valid rows, in their order
    Invalid: LINE COLUMN REASON: part of the message        `-` for the row as a whole

    Place: LINE:COLUMN      of the first fault of settings, with its `Key` and what it `Says`
    Slots, Models           of settings that are read
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

CORPUS = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Case:
    """A file and what must come of it.

    Attributes:
        path: The file.
        facts: Word → what the companion says of it; a word may be there several times.
    """

    path: Path
    facts: dict[str, list[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.path.stem

    def says(self, word: str) -> str:
        """The only fact of that word; empty where there is none."""
        (text,) = self.facts.get(word, [""])
        return text

    def each(self, word: str) -> Sequence[str]:
        """Every fact of that word."""
        return self.facts.get(word, [])


def cases(folder: str) -> list[Case]:
    """Every file of a folder of the corpus that has a companion; one without it is a mistake."""
    found = []
    for path in sorted((CORPUS / folder).iterdir()):
        if path.suffix == ".txt":
            continue
        case = Case(path)
        for line in path.with_suffix(".txt").read_text(encoding="utf-8").splitlines():
            word, _, text = line.partition(":")
            case.facts.setdefault(word, []).append(text.strip())
        found.append(case)
    return found
