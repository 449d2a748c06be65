"""The exposition's form: every scraper can read it, whatever stands in the list."""

import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from controller.metrics import Metrics
from tests.metrics.reports import (
    bare,
    busy,
    families,
    openmetrics_families,
    project,
    report,
    report_on,
    restart,
    series,
    text,
    value,
)
from tests.observability.tools import PROMTOOL, needs_promtool

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PLAIN = "text/plain; version=0.0.4; charset=utf-8"
PROMETHEUS_ASKS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
"""What Prometheus 2.42 sends."""
OURS = re.compile(r"sidekick_[a-z][a-z_]*[a-z]")
EVERYBODYS = re.compile(r"(process|python)_[a-z_]+")
HOSTILE = (
    '"} sidekick_slots 99\n# HELP x y\n',
    "back\\slash\\n\r\t\0",
    "日本 🚀 \u2028\x85",
    "a,b=",
)


@pytest.fixture(params=[Metrics, busy], ids=["at first", "busy"])
def metrics(request: pytest.FixtureRequest) -> Metrics:
    """Metrics before the first tick, and with something in each family."""
    make: Callable[[], Metrics] = request.param
    return make()


def hostile() -> Metrics:
    """Metrics of projects with names that nobody should give them."""
    metrics = Metrics()
    for name in HOSTILE:
        restart(metrics, name)
    metrics.publish(report(*HOSTILE))
    return metrics


class TestForm:
    """What all of it keeps to."""

    def test_it_parses(self, metrics: Metrics) -> None:
        """Prometheus' own parser reads it, every family is explained, no series stands twice."""
        found = families(metrics)
        assert found
        assert all(family.documentation for family in found)
        names = Counter(family.name for family in found)
        assert max(names.values()) == 1
        lines = [line for line in text(metrics).splitlines() if not line.startswith("#")]
        assert len(lines) == len(series(metrics))

    def test_it_parses_as_openmetrics(self, metrics: Metrics) -> None:
        """So does the stricter parser of OpenMetrics, and it reads the same series."""
        body, content_type = metrics.exposition("application/openmetrics-text; version=1.0.0")
        assert content_type.startswith("application/openmetrics-text; version=1.0.0")
        read = {
            (sample.name, tuple(sorted(sample.labels.items())))
            for family in openmetrics_families(body)
            for sample in family.samples
        }
        assert read == series(metrics).keys()

    def test_names(self) -> None:
        """Names have the one prefix, base units, and the endings of their kinds."""
        for family in families(busy()):
            assert OURS.fullmatch(family.name) or EVERYBODYS.fullmatch(family.name)
            assert not re.search(r"_(ms|millis|minutes|hours|days|kb|mb)\b", family.name)
            assert family.type != "unknown"
            if re.search("duration|timestamp|activity|retry|deadline|_start_|since", family.name):
                assert family.name.endswith("_seconds")
            for sample in family.samples:
                if family.type == "counter":
                    assert sample.name.endswith("_total")
            if family.type == "gauge":
                assert not family.name.endswith(("_total", "_count", "_sum", "_bucket"))

    def test_no_created(self) -> None:
        """Nobody needs a series that says when another was made."""
        assert "_created" not in text(busy())

    def test_labels(self) -> None:
        """Labels are few, and never a path, a pid, a text or a line."""
        allowed = {
            "action", "agent", "code", "command", "kind", "le", "model", "phase", "project",
            "reason", "result", "stage", "state", "status", "type", "validity", "version",
        }  # fmt: skip
        ours = {
            label
            for name, labels in series(busy())
            if name.startswith("sidekick_")
            for label, _ in labels
        }
        assert ours == allowed

    @needs_promtool
    @pytest.mark.parametrize("make", [Metrics, busy, hostile])
    def test_promtool(self, make: Callable[[], Metrics]) -> None:
        """Prometheus' own linter finds nothing."""
        done = subprocess.run(
            [str(PROMTOOL), "check", "metrics"], input=text(make()), capture_output=True,
            text=True, timeout=20, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout + done.stderr) == (0, "")


class TestNegotiation:
    """The scraper says which form it wants."""

    @pytest.mark.parametrize(
        ("accept", "expected"),
        [
            ("", PLAIN),
            ("*/*", PLAIN),
            ("text/html,application/xhtml+xml", PLAIN),
            ("text/plain;version=0.0.4", PLAIN),
            ("application/openmetrics-text", OPENMETRICS),
            ("application/openmetrics-text;version=abc", PLAIN),
            ("application/openmetrics-text;version=0.0.1", PLAIN),
            ("\x00;;;=,,", PLAIN),
        ],
    )
    def test_forms(self, metrics: Metrics, accept: str, expected: str) -> None:
        """OpenMetrics where it is asked for, else the text form, whatever the header says."""
        body, content_type = metrics.exposition(accept)
        assert content_type == expected
        assert body.endswith(b"# EOF\n") is (expected == OPENMETRICS)
        assert body.count(b"# EOF\n") == (expected == OPENMETRICS)

    def test_prometheus(self) -> None:
        """Prometheus itself gets OpenMetrics."""
        _, content_type = busy().exposition(PROMETHEUS_ASKS)
        assert content_type.startswith("application/openmetrics-text; version=1.0.0")


class _Frozen:
    """A look at a registry whose answers do not move between two looks."""

    def __init__(self, metrics: Metrics) -> None:
        self._families = [
            family for family in metrics.registry.collect() if OURS.fullmatch(family.name)
        ]

    def collect(self) -> Iterator[Metric]:
        """The families of the controller; those of its process change all the time."""
        return iter(self._families)


def ours(body: str) -> list[str]:
    """The lines of the controller's own families."""
    return [line for line in body.splitlines() if re.match(r"(# \w+ )?sidekick_", line)]


class TestTheLibrary:
    """What is written quickly is what the library writes."""

    @pytest.mark.parametrize("make", [Metrics, busy, hostile])
    @pytest.mark.parametrize(
        ("accept", "generate"),
        [("", generate_latest), (OPENMETRICS, generate_openmetrics)],
        ids=["text", "openmetrics"],
    )
    def test_the_same(
        self, make: Callable[[], Metrics], accept: str, generate: Callable[..., bytes]
    ) -> None:
        """Line by line."""
        metrics = make()
        assert ours(generate(_Frozen(metrics)).decode()) == ours(
            metrics.exposition(accept)[0].decode()
        )

    @given(st.floats(allow_nan=False).map(lambda number: number + 0.0))  # no -0.0
    @example(1e21)
    @example(float("inf"))
    @example(1767323045.123456)
    @settings(deadline=None, max_examples=25)
    def test_numbers(self, number: float) -> None:
        """Every number is written as the library writes it."""
        metrics = Metrics()
        metrics.publish(report_on(bare(last_status=number)))
        assert ours(generate_latest(_Frozen(metrics)).decode()) == ours(text(metrics))
        assert value(metrics, "project_last_exit_code", project="A") == number


class TestHostileNames:
    """Whatever a row says, it is one label's value."""

    @given(st.text(min_size=1, max_size=20))
    @example(HOSTILE[0])
    @example(HOSTILE[1])
    @example(HOSTILE[2])
    @example("lone \ud800")
    @settings(deadline=None, max_examples=25)
    def test_names(self, name: str) -> None:
        """It makes no line of its own, and reads back."""
        metrics, plain = Metrics(), Metrics()
        restart(metrics, name)
        metrics.publish(report_on(project(name, agent=name, model=name, reason=name)))
        restart(plain, "A")
        plain.publish(report("A"))
        body = text(metrics)
        assert text(plain).count("\n") == body.count("\n")
        known = name.encode("utf-8", "replace").decode()
        escaped = known.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
        assert f'sidekick_project_running{{project="{escaped}"}} 1.0\n' in body
        assert value(metrics, "slots") == 4

    def test_they_read_back(self) -> None:
        """A scraper sees the very names, in both forms."""
        metrics = hostile()
        for found in (
            families(metrics),
            openmetrics_families(metrics.exposition(OPENMETRICS)[0]),
        ):
            seen = {
                sample.labels["project"]
                for family in found
                for sample in family.samples
                if sample.name == "sidekick_project_running"
            }
            assert seen == set(HOSTILE)

    def test_a_book(self) -> None:
        """A cell that holds a book is cut; two that begin alike share their series."""
        metrics = Metrics()
        book = "x" * 100_000
        metrics.publish(report_on(*(bare(book + end, agent=book, model=book) for end in "ab")))
        assert text(metrics).count("sidekick_project_running{") == 1
        assert max(map(len, text(metrics).splitlines())) < 700
