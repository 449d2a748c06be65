"""Seeding an agent's own configuration: what a person set there stays."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.agents.base import AgentError
from controller.agents.config_files import fill_in, teach

SETTINGS = {"a": {"b": 1, "c": False}, "d": "x"}
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from("abcd") | st.text(), values, max_size=4)


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """It is made, its folder too."""
    path = tmp_path / "home" / "settings.json"
    fill_in(path, SETTINGS)
    assert json.loads(path.read_text()) == SETTINGS
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_a_person_set_stays(tmp_path: Path) -> None:
    """Only what is missing is added, however deep; the second time nothing is written."""
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"a": {"b": 2, "own": []}, "e": None}))
    fill_in(path, SETTINGS)
    whole = {"a": {"b": 2, "own": [], "c": False}, "e": None, "d": "x"}
    assert json.loads(path.read_text()) == whole
    before = path.stat()
    fill_in(path, SETTINGS)
    assert path.stat() == before


def test_a_list_is_given_what_it_lacks(tmp_path: Path) -> None:
    """Once, behind what a person has there."""
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"hooks": {"End": ["theirs"]}}))
    for _ in range(2):
        fill_in(path, {"hooks": {"End": ["ours"], "Begin": ["ours"]}})
    assert json.loads(path.read_text()) == {"hooks": {"End": ["theirs", "ours"], "Begin": ["ours"]}}


@given(known=objects, settings=objects)
def test_nothing_is_lost(
    tmp_path_factory: pytest.TempPathFactory, known: dict[str, object], settings: dict[str, object]
) -> None:
    """Every value that was there is there after; a second time changes nothing."""
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(known))
    fill_in(path, settings)
    merged = json.loads(path.read_text())
    assert all(_holds(merged[name], value) for name, value in known.items())
    assert set(merged) == {*known, *settings}
    fill_in(path, settings)
    assert json.loads(path.read_text()) == merged


def _holds(after: object, before: object) -> bool:
    if isinstance(before, dict) and isinstance(after, dict):
        return all(_holds(after[name], value) for name, value in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return after[: len(before)] == before
    return after == before


@pytest.mark.parametrize("text", ["{", "[1]", '"x"', "\ufffd", "// a remark\n{}"])
def test_what_cannot_be_merged_is_left_alone(tmp_path: Path, text: str) -> None:
    """A file that is no JSON object is a person's: it is named, and not touched."""
    path = tmp_path / "settings.json"
    path.write_text(text)
    with pytest.raises(AgentError, match=r"settings\.json is no JSON"):
        fill_in(path, SETTINGS)
    assert path.read_text() == text


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The error says where, and what to do."""
    (tmp_path / "home").write_text("a file")
    with pytest.raises(AgentError, match=r"home/settings\.json cannot be .*; mend it, or move"):
        fill_in(tmp_path / "home" / "settings.json", SETTINGS)


def test_several_at_once(tmp_path: Path) -> None:
    """Starts at the same moment leave one whole file."""
    path = tmp_path / "settings.json"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: fill_in(path, {f"k{n}": n}), range(40)))
    assert json.loads(path.read_text()) == {f"k{n}": n for n in range(40)}
    assert [found.name for found in tmp_path.iterdir()] == ["settings.json"]


def test_teaching(tmp_path: Path) -> None:
    """Our words stand between marks, are replaced there, and go again; a person's stay."""
    path = tmp_path / "GEMINI.md"
    teach(path, "")
    assert not path.exists()
    path.write_text("# Mine\n\nBe kind.\n")
    teach(path, "Report.\n")
    first = path.read_text()
    assert first.startswith("# Mine\n\nBe kind.\n\n<!--")
    assert "\nReport.\n" in first
    path.write_text(first + "More of mine.\n")
    teach(path, "Say more.")
    second = path.read_text()
    assert "Report." not in second
    assert "\nSay more.\n" in second
    assert second.startswith("# Mine\n\nBe kind.\n\n<!--")
    assert second.endswith("More of mine.\n")
    teach(path, "")
    assert "CTO Sidekick" not in path.read_text()
    assert "More of mine.\n" in path.read_text()


def test_a_mark_that_was_taken_away(tmp_path: Path) -> None:
    """Without the second mark it is not known what is ours: nothing is deleted."""
    path = tmp_path / "GEMINI.md"
    teach(path, "Report.")
    path.write_text(path.read_text().replace("<!-- end of CTO Sidekick -->", "Mine."))
    teach(path, "Say more.")
    assert "Mine." in path.read_text()
    assert "Say more." in path.read_text()
