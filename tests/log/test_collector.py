"""The collector's configuration against lines of a real controller: what it looks for is there."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import yaml

from controller.cli.run import LOG_FILE
from controller.log.fields import FIELDS
from controller.settings import load_settings
from grafana.generator import LOG, as_json, logs
from tests.docker.test_files import COMPOSE, ROOT, mounts
from tests.e2e.lab import Lab
from tests.log.alloy import Block, Entry, Reference, collect, read

FOLDER = ROOT / "deploy" / "logs"
LEVELS = {"debug", "info", "warning", "error", "critical"}
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
"""What Go's time.RFC3339Nano takes: https://pkg.go.dev/time#pkg-constants."""

# Arguments that are known, with whether each is required, and the blocks within, as the pages of
# https://grafana.com/docs/alloy/latest/reference/ list them.
_TEXTS: dict[str, bool] = {"values": False}
FORMS: dict[str, tuple[dict[str, bool], set[str]]] = {
    "logging": ({"level": False, "format": False, "write_to": False, "destination": False}, set()),
    "local.file_match": (
        {"path_targets": True, "sync_period": False, "ignore_older_than": False}, set(),
    ),
    "loki.source.file": (
        {"targets": True, "forward_to": True, "encoding": False, "tail_from_end": False},
        {"decompression", "file_watch"},
    ),
    "loki.process": (
        {"forward_to": True},
        {"stage.json", "stage.timestamp", "stage.labels", "stage.label_drop",
         "stage.structured_metadata"},
    ),
    "stage.json": ({"expressions": True, "drop_malformed": False, "source": False}, set()),
    "stage.timestamp": (
        {"source": True, "format": True, "action_on_failure": False, "fallback_formats": False,
         "location": False}, set(),
    ),
    "stage.labels": (_TEXTS, set()),
    "stage.label_drop": (_TEXTS, set()),
    "stage.structured_metadata": (_TEXTS, set()),
    "loki.write": ({"external_labels": False, "max_streams": False}, {"endpoint", "wal"}),
    "endpoint": (
        {"url": True, "batch_wait": False, "batch_size": False, "tenant_id": False}, set(),
    ),
}  # fmt: skip
EXPORTS = {"local.file_match": "targets", "loki.process": "receiver", "loki.write": "receiver"}


@pytest.fixture(scope="module")
def config() -> Block:
    """Alloy's configuration."""
    return read(FOLDER / "config.alloy")


@pytest.fixture(scope="module")
def lines() -> Iterator[list[str]]:
    """The log of a controller that started, restarted, stopped and lost agents, and reloaded."""
    lab = Lab()
    try:
        lab.settle_in(
            "Good,1,Pending,,,exec sleep 1000,,,,", "Ends,2,Pending,,,true,,,,",
            'Über "b",3,Pending,,,exit 3,,,,', "Bad,x,Pending,,,true,,,,", log_level="DEBUG",
        )  # fmt: skip
        lab.start()
        lab.wait_reason("Good", "Running")
        lab.wait_status("Ends", "Completed")
        lab.wait_reason('Über "b"', "CrashBackoff")
        lab.edit("Good", Next_Action="exec sleep 2000")
        lab.wait_reason("Good", "Running")
        lab.edit("Good", Status="Paused")
        lab.wait_reason("Good", "UserPaused")
        assert lab.stop() == 0
        yield (lab.root / "logs" / LOG_FILE).read_text(encoding="utf-8").splitlines()
    finally:
        lab.close()


@pytest.fixture
def entries(config: Block, lines: list[str]) -> list[Entry]:
    """The lines as they reach Loki."""
    (target,) = config.one("local.file_match", "controller").arguments["path_targets"]
    return collect(config.one("loki.process", "controller"), target, lines)


def test_the_collectors_file_has_its_documented_form(config: Block) -> None:
    """No component, block or argument but those that Alloy knows; none missing; all are wired."""

    def check(block: Block) -> None:
        arguments, blocks = FORMS[block.name]
        assert set(block.arguments) <= set(arguments), block
        assert {name for name, needed in arguments.items() if needed} <= set(block.arguments)
        for inner in block.blocks:
            assert inner.name in blocks, inner
            check(inner)

    for component in config.blocks:
        check(component)
    assert config.arguments == {}
    exported = {
        f"{block.name}.{block.label}.{EXPORTS[block.name]}"
        for block in config.blocks
        if block.name in EXPORTS
    }
    asked = set()
    for block in config.blocks:
        for value in block.arguments.values():
            asked |= {
                each.name
                for each in (value if isinstance(value, list) else [value])
                if isinstance(each, Reference)
            }
    assert asked == exported


def test_the_collector_reads_the_controllers_file(config: Block) -> None:
    """Where the controller writes it in its container; read-only, as the same user."""
    (target,) = config.one("local.file_match", "controller").arguments["path_targets"]
    for name in ("mock", "real"):
        settings = load_settings(
            ROOT / "deploy" / "compose" / f"{name}.yaml",
            {"SIDEKICK_PATHS_SCHEMAS": str(ROOT / "schemas")},
        )
        assert target["__path__"] == str(settings.paths.logs / LOG_FILE)
    assert mounts("alloy")["/data/logs"] == mounts("controller")["/data/logs"] == "logs"
    assert "logs:/data/logs:ro" in COMPOSE["services"]["alloy"]["volumes"]
    ids = COMPOSE["x-ids"]
    assert COMPOSE["services"]["alloy"]["user"] == f"{ids['UID']}:{ids['GID']}"
    assert config.one("loki.write", "local").one("endpoint").arguments["url"] == (
        "http://loki:3100/loki/api/v1/push"
    )


def test_every_line_of_a_real_log_is_taken(lines: list[str], entries: list[Entry]) -> None:
    """None is malformed; each has its own time, in a form that Go reads, and few labels."""
    assert len(entries) == len(lines) > 10
    assert all(RFC3339.fullmatch(entry.timestamp) for entry in entries)
    times = [datetime.fromisoformat(entry.timestamp) for entry in entries]
    assert all(at.tzinfo for at in times)
    assert all(timedelta(0) < datetime.now().astimezone() - at < timedelta(hours=1) for at in times)
    assert all(set(entry.labels) == {"service_name", "level"} for entry in entries)
    assert {entry.labels["level"] for entry in entries} <= LEVELS
    assert {entry.labels["service_name"] for entry in entries} == {"sidekick"}


def test_what_the_collector_looks_for_is_in_the_lines(
    config: Block, lines: list[str], entries: list[Entry]
) -> None:
    """Each field that its configuration names, and whose it is and what was done can be found."""
    asked = config.one("loki.process", "controller").one("stage.json").arguments["expressions"]
    known = {key for line in lines for key in json.loads(line)}
    assert set(asked) <= known
    assert known <= {"timestamp", "level", "event", "logger", *FIELDS}
    told = [entry.metadata for entry in entries]
    assert {"project": "Good", "action": "Start", "reason": "Wanted", "result": "success"} in told
    assert {"project": "Ends", "reason": "Completed"} in told
    assert {"project": 'Über "b"', "reason": "Crashed"} in told
    assert {"action", "project", "reason", "result"} <= set(
        next(each for each in told if each.get("action") in {"Stop", "Restart"})
    )
    durations = [
        json.loads(entry.line)["duration_seconds"]
        for entry in entries
        if "action" in entry.metadata
    ]
    assert durations
    assert all(0 < seconds < 60 for seconds in durations)
    ticks = [json.loads(line) for line in lines if '"event": "tick"' in line]
    assert ticks
    assert all({"actions", "writes", "duration_seconds"} <= set(tick) for tick in ticks)


def test_the_dashboard_asks_for_what_the_collector_gives(
    config: Block, entries: list[Entry]
) -> None:
    """Its file is made from code; every label and field in its queries is one of a line's."""
    text = LOG.read_text(encoding="utf-8")
    assert text == as_json(logs.dashboard())
    document: dict[str, Any] = json.loads(text)
    labels = set(entries[0].labels)
    metadata = {key for entry in entries for key in entry.metadata}
    (names,) = (v for v in document["templating"]["list"] if v["name"] == "level")
    assert set(names["query"].split(",")) == LEVELS
    named = set(re.findall(r"\$\{?([a-z]\w*)", str({**document, "templating": {}})))
    assert named == {variable["name"] for variable in document["templating"]["list"]}
    for panel in document["panels"]:
        assert panel["title"]
        assert panel["description"]
        assert panel["datasource"] == {"type": "loki", "uid": "${loki}"}
        for target in panel["targets"]:
            expression = target["expr"]
            (selector,) = re.findall(r"\{(service_name[^}]*)\}", expression)
            assert set(re.findall(r"(\w+)=~?", selector)) <= labels
            assert set(re.findall(r"\| (\w+)(?:=~|=|!=)\"", expression)) <= metadata
            json_fields = dict(re.findall(r"json (\w+)=\"(\w+)\"", expression))
            assert set(json_fields.values()) <= {"event", *FIELDS}
            told = {*labels, *metadata, *json_fields}
            assert set(re.findall(r"\.(\w+)\}\}|if \.(\w+)", expression)) <= {
                *((name, "") for name in told), *(("", name) for name in told),
            }  # fmt: skip
            assert set(re.findall(r"by \((\w+)\)", expression)) <= told
    source = yaml.safe_load(
        (ROOT / "grafana" / "logs" / "provisioning" / "datasources" / "loki.yml").read_text()
    )
    assert source["datasources"][0]["url"] == "http://loki:3100"
