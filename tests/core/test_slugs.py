"""Slugs: safe, unique, lasting names for sessions and folders."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.slugs import assign, hashed_slug, plain_slug
from tests.core.fleet import Fleet
from tests.core.world import cells

SAFE = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
HOSTILE = [
    *("../../etc/passwd", "-rf", "a;b", "$(reboot)", "a:b.c", "=x", "@1", "%5", "  ", "\n", "\0"),
    *("项目", "🚀", "Ünïcödé", "CON", "a" * 200, "-" * 50, "\ud800", "a\u202eb", "İ", "ß"),
]
NAMES = st.lists(
    st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60), st.text("aA-_ .", max_size=6)),
    max_size=20,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("alpha", "alpha"), ("My App", "my-app"), ("a.b:c", "a-b-c"), ("Zwölf", "zwolf")],
)
def test_a_plain_name_is_readable(name: str, expected: str) -> None:
    """A session bears its project's name as far as it can."""
    assert assign([name], {}) == {name: expected}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_harmless(name: str) -> None:
    """Nothing of a row's name can be an option, a path, a target or a command."""
    assert SAFE.fullmatch(assign([name], {})[name])


@given(NAMES, NAMES)
def test_slugs_are_safe_and_unique(first: list[str], second: list[str]) -> None:
    """Slugs that collide get a short hash of the name, also against those given before."""
    given_before = {slug: name for name, slug in assign(first, {}).items()}
    new = [name for name in second if name not in given_before.values()]
    slugs = assign(new, given_before)

    assert set(slugs) == set(new)
    everything = [*slugs.values(), *given_before]
    assert len(set(everything)) == len(everything)
    assert all(SAFE.fullmatch(slug) for slug in everything)


@given(NAMES, st.randoms(use_true_random=False))
def test_slugs_do_not_depend_on_the_order(names: list[str], random: object) -> None:
    """The list may be sorted differently after a loss of memory."""
    shuffled = list(names)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert assign(names, {}) == assign(shuffled, {})


def test_two_names_of_one_slug_are_both_hashed() -> None:
    """Which of two came first must not decide."""
    assert assign(["A b", "a-b"], {}) == {"A b": hashed_slug("A b"), "a-b": hashed_slug("a-b")}


def test_a_name_that_looks_like_a_hashed_slug() -> None:
    """A user may even name a project like another's hashed slug."""
    trap = hashed_slug("A b")
    slugs = assign(["A b", "a-b", trap], {})

    assert len(set(slugs.values())) == 3


def test_a_slug_once_given_stays() -> None:
    """Names for life: a later name that collides does not take it."""
    slugs = assign(["a-b"], {"a-b": "A b"})

    assert slugs == {"a-b": hashed_slug("a-b")}


def test_a_long_name_is_cut_and_hashed() -> None:
    """Names that share their first 40 characters differ."""
    names = ["x" * 50, "x" * 51]

    assert len({*assign(names, {}).values()}) == 2
    assert plain_slug(names[0]) == "x" * 40


def test_slugs_stay_while_rows_come_and_go() -> None:
    """Name of its session and default folder, for life."""
    rows = Fleet(cells("A b"))
    rows.rest()
    rows.add(cells("a-b"), cells("a b"))
    rows.rest()

    assert rows.member("A b").slug == "a-b"
    assert len({member.slug for member in rows.memory.projects.values()}) == 3
    assert len({run.folder for run in rows.runs.values()}) == 3
