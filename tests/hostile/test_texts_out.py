"""Metrics, the API, the list and an agent's arguments carry every text as it is, and no more."""

import csv
import io
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from controller.agents.base import Mode, Options
from controller.agents.command import CommandAgent
from controller.agents.demo import DemoAgent
from controller.agents.registry import FAMILIES, family
from controller.core.observed import Words
from controller.core.slugs import assign
from controller.core.workload import Workload
from controller.metrics import Metrics
from controller.runtimes.base import SESSION_NAME
from controller.sources.csv_table import parse
from tests.hostile.corpus import CELLS, NAMES, TEXTS
from tests.metrics import reports
from tests.observability.tools import PROMTOOL, needs_promtool
from tests.server.world import ALPHA, REPORT, TOKEN, World, entry

texts = st.text(st.characters(codec=None)) | st.sampled_from(list(TEXTS.values()))
encodable = st.text() | st.sampled_from(list(TEXTS.values()))


# -- metrics ------------------------------------------------------------------------------------


def shown(names: list[str]) -> Metrics:
    """Metrics of projects whose every label is hostile."""
    metrics = Metrics()
    for name in names:
        reports.restart(metrics, name, name)
    views = [reports.project(name, agent=name, model=name, reason=name) for name in names]
    metrics.publish(reports.report_on(*views))
    return metrics


@pytest.mark.slow
@given(st.lists(texts, min_size=1, max_size=4, unique=True))
@settings(deadline=None)
def test_metrics_are_read_as_they_were_meant(names: list[str]) -> None:
    """Both forms parse; a project has its series, under its name; none is there besides."""
    metrics = shown(names)
    labels = {name[:200].encode("utf-8", "replace").decode() for name in names if name}
    plain = metrics._reports.write(openmetrics=False)  # all families whose labels are texts
    fancy = metrics._reports.write(openmetrics=True) + "# EOF\n"
    for families in (list(text_string_to_metric_families(plain)),
                     reports.openmetrics_families(fancy.encode())):  # fmt: skip
        running = [f for f in families if f.name == "sidekick_project_running"]
        assert [{s.labels["project"] for s in f.samples} for f in running] == [labels]
        assert all(family.name.startswith("sidekick_") for family in families)
        reasons = [f for f in families if f.name == "sidekick_project_reason"]
        assert all(s.labels["reason"].isalnum() for f in reasons for s in f.samples)


@needs_promtool
def test_promtool_takes_the_corpus() -> None:
    """Prometheus' own parser finds nothing wrong."""
    body = reports.text(shown(list(CELLS.values())))
    done = subprocess.run(
        [str(PROMTOOL), "check", "metrics"], input=body, capture_output=True, text=True,
        timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


# -- the API ------------------------------------------------------------------------------------


def exchange(url: str, method: str, path: str, body: bytes = b"") -> tuple[str, bytes]:
    """Head and body of an answer to a request that is sent byte by byte as it is."""
    import socket

    place = urlsplit(url)
    head = (
        f"{method} {path} HTTP/1.0\r\nHost: {place.netloc}\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((str(place.hostname), int(place.port or 0)), 10) as connection:
        connection.sendall(head.encode() + body)
        parts = b""
        while part := connection.recv(65_536):
            parts += part
    before, _, after = parts.partition(b"\r\n\r\n")
    return before.decode("latin-1"), after


@pytest.mark.slow
def test_the_api_says_what_the_report_says() -> None:
    """Every text, as JSON on one line; a name in a path or a query means itself or nothing."""
    world = World()
    views = [replace(ALPHA, name=text, message=text, status=text) for text in TEXTS.values()]
    world.known = replace(REPORT, projects=tuple(views), errors={"read": TEXTS["script"]})
    world.journal = [entry(n, text, text) for n, text in enumerate(TEXTS.values(), start=1)]
    with world.serving() as server:
        head, body = exchange(server.url, "GET", "/api/v1/projects")
        assert [p["message"] for p in json.loads(body)["projects"]] == list(TEXTS.values())
        assert "application/json" in head
        assert "nosniff" in head
        assert b"\n" not in body
        head, body = exchange(server.url, "GET", "/api/v1/events?last=1000")
        assert [e["message"] for e in json.loads(body)["events"]] == list(TEXTS.values())
        for text in TEXTS.values():
            name = quote(text, safe="")
            for path in (f"/api/v1/projects/{name}", f"/api/v1/events?project={name}",
                         f"/api/v1/events?{name}=1", f"/{name}"):  # fmt: skip
                head, body = exchange(server.url, "GET", path)
                assert head.split()[1] in {"200", "400", "404", "409"}, (text, head)
                assert "evil" not in head.lower()
                assert json.loads(body)["version"] == "sidekick/v1"


def test_the_stream_is_of_events_that_happened() -> None:
    """No text ends an event's line or begins another event."""
    import http.client

    world = World()
    world.journal = [entry(n, text, text) for n, text in enumerate(TEXTS.values(), start=1)]
    with world.serving() as server:
        place = urlsplit(server.url)
        client = http.client.HTTPConnection(str(place.hostname), place.port, timeout=10)
        client.request("GET", "/api/v1/events/stream?after=0")
        answer = client.getresponse()
        told: list[str] = []
        while len(told) < len(TEXTS):
            line = answer.readline()
            assert line.split(b":")[0] in {b"retry", b"id", b"event", b"data", b"\n"}, line
            if line.startswith(b"data: "):
                told.append(json.loads(line[6:])["message"])
        client.close()
    assert told == list(TEXTS.values())


# -- the list -----------------------------------------------------------------------------------


@given(st.lists(encodable.filter(lambda t: "\0" not in t), min_size=2, max_size=5), encodable)
@settings(deadline=None)
def test_a_cell_that_we_write_changes_no_other(cells: list[str], reason: str) -> None:
    """Every reader of CSV finds the user's cells as they were, and ours inert."""
    header = ["Project", "Reason", *(f"own {n}" for n in range(len(cells)))]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, ["A", "old", *cells], ["B", "", *cells]])
    table = parse(out.getvalue().encode(), encoding="utf-8", required=("Project",), name="list")
    data = table.edited({(0, "Reason"): reason})
    _, first, second = csv.reader(io.StringIO(data.decode(), newline=""))
    assert first[2:] == second[2:] == cells
    assert [first[0], second[0], second[1]] == ["A", "B", ""]
    assert not first[1].startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert first[1].removeprefix("'") == reason.replace("\0", "").removeprefix("'")


# -- names --------------------------------------------------------------------------------------


@given(st.lists(texts, unique=True, max_size=8), st.lists(texts, unique=True, max_size=8))
@settings(deadline=None)
def test_no_name_leaves_its_place_or_shares_it(before: list[str], after: list[str]) -> None:
    """A name's folder and session is a word below workspaces; two names never share one."""
    known = assign(before, {})
    taken = {slug: name for name, slug in known.items()}
    both = {**assign([name for name in after if name not in known], taken), **known}
    assert len(set(both.values())) == len(both)
    for slug in both.values():
        assert SESSION_NAME.fullmatch(slug)
        assert os.path.normpath(f"/w/{slug}") == f"/w/{slug}"


# -- arguments ----------------------------------------------------------------------------------


def work(text: str, **fields: object) -> Workload:
    """A workload whose every text is hostile."""
    full: dict[str, object] = {
        "project": text, "slug": "s", "agent": "a", "model": text, "prompt": text, "folder": text,
        "words": Words(""), "conversation": text,
    }  # fmt: skip
    return Workload(**{**full, **fields})  # type: ignore[arg-type]


@given(encodable)
@settings(deadline=None)
def test_a_prompt_is_one_argument(text: str) -> None:
    """Nothing in it is a placeholder, and nothing around it changes."""
    command = ("x", "{prompt}", "--p={prompt}", ("-m", "{model}"), "{project}|{folder}")
    argv = CommandAgent("a", command, mode=Mode.HEADLESS).launch(work(text), "/runs/r").argv
    model = ("-m", text) if text else ()
    assert argv == ("x", text, f"--p={text}", *model, f"{text}|{text}")
    assert DemoAgent(1).launch(work(text), "/runs/r").argv[-2:] == ("--", text)


PROMPT = "--yolo"


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("name", FAMILIES)
def test_no_prompt_passes_for_an_option(name: str, mode: Mode, tmp_path: Path) -> None:
    """Behind `--`, in one word with its option, on standard input, or a text in a run's file."""
    made = family(name)(Options(name, name, tmp_path / "home", mode))
    for begun in (False, True):
        launch = made.launch(work(PROMPT, model="", conversation="c", begun=begun), "/runs/r")
        prompts = [(n, word) for n, word in enumerate(launch.argv) if word.endswith(PROMPT)]
        told = any(f'= "{PROMPT}"\n' in content for content in launch.files.values())
        assert prompts or launch.prompt_on_stdin or told
        for n, word in prompts:
            assert (word.startswith("--") and "=" in word) or launch.argv[n - 1] == "--"


def test_the_corpus_has_names() -> None:
    """What the other tests try is not nothing."""
    assert len(NAMES) > 60
    assert len(CELLS) > len(NAMES)
