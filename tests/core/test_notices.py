"""Notices: each change is told once, whatever flaps, fails or is started again."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from controller.core.memory import Absence, Block, Done, Hold, Memory, ProjectMemory, State
from controller.core.notices import GATHER, Decision, Mark, News, decide
from controller.core.standing import Kind, Standing, standing
from controller.core.words import Status
from tests.core.world import NOW, after

QUIET = timedelta(seconds=120)


def a_row(
    status: Status, reason: str = "Why", text: str = "words", **more: object
) -> ProjectMemory:
    """A project in a state since `NOW`."""
    changes: dict[str, object] = {"state": State(status, reason, text, NOW), **more}
    return replace(ProjectMemory("slug"), **changes)  # type: ignore[arg-type]


def a_thing(version: str = "1", *, kind: Kind = Kind.WAITING, key: str = "a") -> Standing:
    """Something that holds."""
    return Standing(kind, key, key.upper(), version, "Why", f"text {version}")


class Life:
    """One controller after the other, with what is remembered between them."""

    def __init__(self, *kinds: Kind) -> None:
        self.kinds = kinds or tuple(Kind)
        self.marks: dict[str, Mark] | None = {}
        self.told: list[News] = []

    def tick(self, seconds: float, *stands: Standing) -> Decision:
        """One look at a moment."""
        found = decide(stands, self.marks, self.kinds, QUIET, after(seconds))
        self.marks = dict(found.marks)
        self.told += found.news
        return found

    @property
    def versions(self) -> list[str]:
        """What was told, as keys and versions."""
        return [f"{item.key}{item.version}" for news in self.told for item in news.items]


def kinds_of(memory: Memory, seconds: float = 0) -> list[tuple[Kind, str]]:
    """What stands."""
    return [(item.kind, item.subject) for item in standing(memory, after(seconds))]


def test_what_a_row_may_be_told_for() -> None:
    """The agent's and the controller's words; never what the user typed himself."""
    rows = {
        "waits": a_row(Status.WAITING),
        "stuck": a_row(Status.BLOCKED, block=Block("CrashLoop", "five times")),
        "typed blocked": a_row(Status.BLOCKED),
        "done": a_row(Status.COMPLETED, done=Done("x")),
        "typed done": a_row(Status.COMPLETED, done=Done("x", by_user=True)),
        "was done": a_row(Status.COMPLETED),
        "works": a_row(Status.IN_PROGRESS),
        "queued": a_row(Status.QUEUED),
        "deleted": a_row(Status.WAITING, absence=Absence(NOW, 2, acted_at=NOW)),
        "new": ProjectMemory("new"),
    }
    assert kinds_of(Memory(rows)) == [
        (Kind.WAITING, "waits"), (Kind.BLOCKED, "stuck"), (Kind.COMPLETED, "done"),
    ]  # fmt: skip


def test_the_fleet_may_be_told_for() -> None:
    """A hold that is over is no news; a mass stop's digest is its version."""
    held = {"claude": Hold("UsageLimit", "used up", NOW, after(60)), "codex": Hold("x", "y", NOW)}
    memory = Memory(holds=held, prune="d1g3st")
    assert [item.version for item in standing(memory, NOW)][-1] == "d1g3st"
    assert kinds_of(memory) == [
        (Kind.HOLD, "claude"), (Kind.HOLD, "codex"), (Kind.PRUNE_BLOCKED, ""),
    ]  # fmt: skip
    assert [item.over for item in standing(memory, after(61))] == [True, False, False]


def test_another_question_is_another_version() -> None:
    """Where the row waits all the while; another reason of a completed row is none."""
    ask, again = (Memory({"a": a_row(Status.WAITING, text=t)}) for t in ("red?", "blue?"))
    assert standing(ask, NOW)[0].version != standing(again, NOW)[0].version
    done, edited = (
        Memory({"a": a_row(Status.COMPLETED, reason, done=Done("x"))})
        for reason in ("Finished", "NewNextAction")
    )
    assert standing(done, NOW)[0].version == standing(edited, NOW)[0].version


def test_a_renamed_row_keeps_its_mark() -> None:
    """It is the same project."""
    one, other = (standing(Memory({name: a_row(Status.WAITING)}), NOW)[0] for name in ("a", "b"))
    assert (one.mark, one.version) == (other.mark, other.version)


def test_a_change_is_told_once() -> None:
    """However long it lasts."""
    life = Life()
    for seconds in (0, 10, 500, 5000):
        life.tick(seconds, a_thing())
    assert life.versions == ["a1"]


def test_what_comes_back_soon_waits_and_is_counted() -> None:
    """Of five questions within two minutes two are told, the second with the others' number."""
    life = Life()
    for number in range(5):
        life.tick(number * 20, a_thing(str(number)))
        life.tick(number * 20 + 10)
    found = life.tick(100, a_thing("last"))
    assert found.again_at == NOW + QUIET
    life.tick(121, a_thing("last"))
    assert life.versions == ["a0", "alast"]
    assert life.told[-1].missed == 4


def test_what_is_over_in_time_is_not_told() -> None:
    """And later it is news again, as anything is."""
    life = Life()
    life.tick(0, a_thing("1"))
    life.tick(20, a_thing("2"))
    life.tick(130)
    life.tick(400, a_thing("3"))
    assert life.versions == ["a1", "a3"]
    assert life.told[-1].missed == 0


def test_a_fleet_that_stalls_is_one_message_of_each_kind() -> None:
    """All rows of a tick together; those that follow within moments together as well."""
    life = Life()
    life.tick(0, *(a_thing(key=f"p{n}") for n in range(30)), a_thing(kind=Kind.HOLD, key="claude"))
    assert [(news.kind, len(news.items)) for news in life.told] == [
        (Kind.HOLD, 1), (Kind.WAITING, 30),
    ]  # fmt: skip
    life = Life()
    stands: list[Standing] = []
    for number in range(8):
        stands.append(a_thing(key=f"p{number}"))
        found = life.tick(number, *stands)
    assert found.again_at == NOW + GATHER
    life.tick(10, *stands)
    assert [len(news.items) for news in life.told] == [1, 7]


def test_a_first_look_is_one_summary() -> None:
    """Of what needs a person; nothing else of it is ever told."""
    life = Life()
    life.marks = None
    stands = (
        *(a_thing(key=f"p{n}") for n in range(3)), a_thing(kind=Kind.COMPLETED, key="done"),
        a_thing(kind=Kind.HOLD, key="claude"),
    )  # fmt: skip
    life.tick(0, *stands)
    life.tick(500, *stands)
    (news,) = life.told
    assert (news.kind, news.summary, len(news.items)) == (Kind.HOLD, True, 4)
    quiet = Life()
    quiet.marks = None
    quiet.tick(0, a_thing(kind=Kind.COMPLETED))
    assert quiet.told == []


def test_kinds_that_nobody_chose() -> None:
    """They are remembered, so that choosing them later tells nothing old."""
    life = Life(Kind.BLOCKED)
    life.tick(0, a_thing())
    life.kinds = (Kind.WAITING,)
    life.tick(500, a_thing())
    assert life.told == []
    life.tick(510, a_thing("2"))
    assert life.versions == ["a2"]


def test_a_hold_that_goes_on_is_not_told_again() -> None:
    """One try after the other in vain is one outage; the first good run ends it."""

    def look(*, attempt: int, since: float, reason: str = "UsageLimit") -> tuple[Standing, ...]:
        held = Hold(reason, "", after(since), after(since + 300), 300, attempt)
        return standing(Memory(holds={"claude": held}), after(since))

    life = Life()
    life.tick(0, *look(attempt=1, since=0))
    life.tick(400, *look(attempt=2, since=400))
    life.tick(1500, *look(attempt=3, since=1500))
    assert len(life.told) == 1
    life.tick(1600, *look(attempt=4, since=1600, reason="AuthFailed"))
    life.tick(2000)
    life.tick(4000, *look(attempt=1, since=4000))
    assert [news.items[0].reason for news in life.told] == [
        "UsageLimit",
        "AuthFailed",
        "UsageLimit",
    ]


def test_a_clock_that_was_put_back_delays_nothing() -> None:
    """A mark of the future holds back no message."""
    life = Life()
    life.tick(100_000, a_thing("1"))
    life.tick(0, a_thing("2"))
    assert life.versions == ["a1", "a2"]


moments = st.lists(
    st.tuples(
        st.integers(1, 90),
        st.dictionaries(st.sampled_from("abc"), st.integers(0, 3), max_size=3),
        st.booleans(),
    ),
    max_size=40,
)


@given(moments)
def test_no_version_is_told_twice_and_none_that_stays_is_lost(
    history: list[tuple[int, dict[str, int], bool]],
) -> None:
    """Whatever comes and goes, however often the controller begins anew from what is kept.

    A version is unique in each spell, as the time in it makes it.
    """
    life = Life()
    seconds = 0
    spells: dict[str, tuple[int, int]] = {}
    for count, (step, wanted, again) in enumerate(history):
        seconds += step
        spells = {
            key: spells[key] if key in spells and spells[key][0] == number else (number, count)
            for key, number in wanted.items()
        }
        stands = [a_thing(f"{n}.{c}", key=key) for key, (n, c) in spells.items()]
        life.tick(seconds, *stands)
        if again:
            life.tick(seconds, *stands)  # another controller, from what was kept
    told = Counter(life.versions)
    assert max(told.values(), default=0) <= 1
    last = [a_thing(f"{n}.{c}", key=key) for key, (n, c) in spells.items()]
    for more in (150, 300, 450):
        life.tick(seconds + more, *last)
    assert {f"{item.key}{item.version}" for item in last} <= set(life.versions)
    for key in "abc":
        times = [news for news in life.told if any(item.key == key for item in news.items)]
        assert len(times) <= 2 + (seconds + 450) / QUIET.total_seconds()


@given(moments)
def test_a_version_is_remembered_only_while_it_may_matter(
    history: list[tuple[int, dict[str, int], bool]],
) -> None:
    """Nothing grows: marks are those of what stands, or was told a moment ago."""
    life = Life()
    seconds = 0
    for count, (step, wanted, _) in enumerate(history):
        seconds += step
        life.tick(seconds, *(a_thing(f"{n}.{count}", key=key) for key, n in wanted.items()))
    life.tick(seconds + 1000)
    assert life.marks == {}


def test_a_decision_that_changes_nothing_is_the_same_value() -> None:
    """So that nothing is written for it."""
    marks = {a_thing().mark: Mark("1", NOW)}
    found = decide([a_thing()], marks, Kind, QUIET, datetime.max.replace(tzinfo=NOW.tzinfo))
    assert found.marks is marks
