"""Housekeeping: which of the user's words are kept after a tick."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.core.actions import Plan
from controller.core.intent import Intent
from controller.core.memory import Memory, ProjectMemory
from controller.fleet import NOTES, Fleet
from controller.housekeeping import NOTE_SECONDS, Housekeeping
from controller.runs.folders import RunFolders
from controller.settings.model import RetentionSection
from controller.tick import Tick
from controller.wakes import Wakes

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Place:
    """A state folder, and who keeps house in it."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.fleet = Fleet(self.state)
        runs = RunFolders(folder / "runs")
        runs.load()
        self.wakes = Wakes(None, (), 1.0)
        self.house = Housekeeping(
            RetentionSection, runs, self.fleet, self.wakes, (), lambda _: None
        )

    def tick(self, **members: ProjectMemory) -> None:
        """A tick ended with these projects remembered."""
        self.house.after(Tick(NOW, plan=Plan(memory=Memory(members))))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place with nothing said."""
    made = Place(tmp_path)
    yield made
    made.wakes.close()


def test_notes_are_kept_while_their_words_stand(place: Place) -> None:
    """As long as the project rests; and all of them for a while, so that an event tells each."""
    for name in ("rests", "works", "gone"):
        place.fleet.note(name, "lunch")
    members = {
        "rests": ProjectMemory("rests", intent=Intent.PAUSE),
        "works": ProjectMemory("works", intent=Intent.RUN),
    }
    for age, kept in ((NOTE_SECONDS / 2, 3), (NOTE_SECONDS * 2, 1)):
        at = (NOW - timedelta(seconds=age)).timestamp()
        os.utime(place.state / NOTES, (at, at))
        place.tick(**members)
        assert len(place.fleet.notes()) == kept
    assert place.fleet.notes() == {"rests": "lunch"}


def test_answers_are_kept_until_the_agent_has_got_them(place: Place) -> None:
    """Each by itself: another answer to the same project is not the one that it got."""
    for name in "ab":
        place.fleet.answer(name, "yes", NOW)
    given = place.fleet.answers()
    got = {name: replace(ProjectMemory(name), answered=answer.id) for name, answer in given.items()}
    place.tick(a=got["a"], b=ProjectMemory("b"))
    assert place.fleet.answers() == {"b": given["b"]}
    place.fleet.answer("b", "no", NOW)
    place.tick(**got)
    assert [answer.text for answer in place.fleet.answers().values()] == ["no"]


def test_what_was_said_follows_a_renamed_row(place: Place) -> None:
    """Also where the rows take each other's names; one said under the new name since stands."""
    for name in "ab":
        place.fleet.answer(name, f"to {name}", NOW)
    place.fleet.note("a", "lunch")
    place.house.after(Tick(NOW, plan=Plan(renames={"a": "b", "b": "a"})))
    said = {name: answer.text for name, answer in place.fleet.answers().items()}
    assert said == {"a": "to b", "b": "to a"}
    assert place.fleet.notes() == {"b": "lunch"}
    place.house.after(Tick(NOW, plan=Plan(renames={"a": "b"})))
    assert [answer.text for answer in place.fleet.answers().values()] == ["to a"]
