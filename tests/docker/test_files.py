"""The files of the containers, without an engine: what they promise, and their forms."""

import os
import re
import shutil
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from controller.log.forms import LogFormat
from controller.parts.sources import source_choice
from controller.settings import load_settings
from controller.settings.model import TmuxServer
from tests.docker.stack import SERVICES
from tests.observability.tools import PROMTOOL, needs_promtool

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
LASTING = (*SERVICES, "grafana", "alertmanager", "loki", "alloy")
"""The services that stay up."""
FOREIGN = ("prometheus", "grafana", "alertmanager", "loki", "alloy")
"""Those whose images are made by others, each of a pinned version."""
PROVISIONING = ROOT / "grafana" / "provisioning"
LOGS = ROOT / "grafana" / "logs" / "provisioning"
"""What comes to it where Loki is there."""
_TEXT, _FLAG, _NUMBER = {"type": "string"}, {"type": "boolean"}, {"type": "integer"}


def _form(required: tuple[str, ...], **fields: Any) -> dict[str, Any]:
    return {
        "type": "object", "properties": fields, "required": list(required),
        "additionalProperties": False,
    }  # fmt: skip


# As Grafana's "Provision Grafana" documents them, but for what is only of other kinds of sources.
DATASOURCES = _form(
    ("apiVersion",),
    apiVersion={"const": 1},
    prune=_FLAG,
    deleteDatasources={
        "type": "array", "items": _form(("name", "orgId"), name=_TEXT, orgId=_NUMBER),
    },
    datasources={
        "type": "array",
        "items": _form(
            ("name", "type", "access"),
            name=_TEXT, uid=_TEXT, type=_TEXT, access={"enum": ["proxy", "direct"]}, orgId=_NUMBER,
            url=_TEXT, isDefault=_FLAG, editable=_FLAG, version=_NUMBER,
            jsonData=_form((), httpMethod=_TEXT, timeInterval=_TEXT, maxLines=_NUMBER),
        ),
    },
)  # fmt: skip
DASHBOARDS = _form(
    ("apiVersion", "providers"),
    apiVersion={"const": 1},
    providers={
        "type": "array",
        "items": _form(
            ("name", "type", "options"),
            name=_TEXT, orgId=_NUMBER, folder=_TEXT, folderUid=_TEXT, type={"const": "file"},
            disableDeletion=_FLAG, updateIntervalSeconds=_NUMBER, allowUiUpdates=_FLAG,
            options=_form(("path",), path=_TEXT, foldersFromFilesStructure=_FLAG),
        ),
    },
)  # fmt: skip


def mounts(service: str) -> dict[str, str]:
    """Place in the container → what is mounted there."""
    pairs = (text.split(":")[:2] for text in COMPOSE["services"][service].get("volumes", []))
    return {place: what for what, place in pairs}


@pytest.mark.parametrize("service", LASTING)
def test_a_service_that_stays_is_bounded(service: str) -> None:
    """Restarted, read-only, without capabilities, bounded, on the loopback alone, asked for health.

    Those of our own are asked by their images.
    """
    said = COMPOSE["services"][service]
    assert said["restart"] == "unless-stopped"
    assert said["read_only"]
    assert said["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in said["security_opt"]
    assert {"mem_limit", "pids_limit", "stop_grace_period"} <= set(said)
    assert all(port.startswith("127.0.0.1:") for port in said.get("ports", []))
    assert "healthcheck" in said or "build" in said
    assert all("docker.sock" not in what for what in mounts(service).values())


def test_agents_get_neither_the_state_nor_the_list() -> None:
    """They share runs, workspaces, homes and the socket with the controller, and no network."""
    shared = set(mounts("controller")) & set(mounts("agents"))
    assert shared == {"/data/runs", "/data/workspaces", "/data/homes", "/run/sidekick"}
    assert shared == set(mounts("agents"))
    networks = {name: set(COMPOSE["services"][name]["networks"]) for name in LASTING}
    assert not networks["agents"] & networks["controller"]
    assert not networks["agents"] & (networks["prometheus"] | networks["grafana"])
    assert networks["agents"] & networks["mock-claude"]
    assert mounts("controller")["/desired"] == "./desired"


def test_services_start_in_their_order_and_the_controller_on_its_own() -> None:
    """Each waits for the health of what it needs; nothing is made anew beside the controller."""
    waits = {name: COMPOSE["services"][name].get("depends_on", {}) for name in LASTING}
    healthy = {"condition": "service_healthy"}
    assert waits == {
        "controller": {},
        "agents": {"mock-claude": healthy},
        "mock-claude": {},
        "prometheus": {"controller": healthy},
        "grafana": {"prometheus": healthy, "loki": {**healthy, "required": False}},
        "alertmanager": {},
        "loki": {},
        "alloy": {"controller": healthy, "loki": healthy},
    }


@pytest.mark.parametrize("name", ["mock", "real"])
def test_the_settings_are_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both files are sound, mean real agents and an external server, and log JSON."""
    monkeypatch.setenv("SIDEKICK_PATHS_SCHEMAS", str(ROOT / "schemas"))
    settings = load_settings(ROOT / "deploy" / "compose" / f"{name}.yaml", os.environ)
    assert not settings.demo
    assert settings.tmux.server is TmuxServer.EXTERNAL
    assert settings.log_format is LogFormat.JSON
    at_mock = {agent.base_url for agent in settings.agents.values() if agent.base_url}
    assert bool(at_mock) == (name == "mock")
    assert set(mounts("controller")) >= {str(settings.paths.runs), str(settings.paths.homes)}


@pytest.mark.parametrize("name", ["mock", "real"])
def test_the_guide_s_file_makes_the_sheet_the_list(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key is a secret from a folder that neither git nor an image takes in; without it, a CSV.

    The file is the one that docs/compose.md shows.
    """
    guide = (ROOT / "docs" / "compose.md").read_text()
    shown = re.search(r"docker-compose.override.yml`:\n\n((?: {4}.*\n)+)", guide)
    assert shown is not None
    override = yaml.safe_load(textwrap.dedent(shown[1].replace("…", "1AbCdEfGhIjKlMnOpQrSt")))
    said = override["services"]["controller"]
    monkeypatch.setenv("SIDEKICK_PATHS_SCHEMAS", str(ROOT / "schemas"))
    path = ROOT / "deploy" / "compose" / f"{name}.yaml"
    for added, kind in (({}, "csv"), (said["environment"], "sheets")):
        environment = {**os.environ, "HOME": "/nonexistent", **added}
        settings = load_settings(path, environment)
        assert source_choice(settings, environment).kind == kind
    assert said["secrets"] == list(override["secrets"]) == ["google"]
    assert settings.priority_source.sheets.credentials_file == Path("/run/secrets/google")
    folder = Path(override["secrets"]["google"]["file"]).parts[0]
    for file in (".gitignore", ".dockerignore"):
        ignored = [line.strip("/") for line in (ROOT / file).read_text().splitlines()]
        assert folder in ignored


@pytest.mark.parametrize(
    ("file", "form"),
    [
        (PROVISIONING / "datasources" / "prometheus.yml", DATASOURCES),
        (PROVISIONING / "datasources" / "loki.yml", DATASOURCES),
        (PROVISIONING / "dashboards" / "sidekick.yml", DASHBOARDS),
        (LOGS / "datasources" / "loki.yml", DATASOURCES),
        (LOGS / "dashboards" / "logs.yml", DASHBOARDS),
    ],
    ids=str,
)
def test_grafanas_files_have_their_documented_form(file: Path, form: dict[str, Any]) -> None:
    """No field but those that Grafana knows, each of its type."""
    document = yaml.safe_load(file.read_text())
    Draft202012Validator(form).validate(document)


def test_grafana_finds_prometheus_and_the_dashboards() -> None:
    """Its source is the service's address; the dashboards' folder is the one that is mounted."""
    source = yaml.safe_load((PROVISIONING / "datasources/prometheus.yml").read_text())
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    boards = yaml.safe_load((PROVISIONING / "dashboards/sidekick.yml").read_text())
    path = boards["providers"][0]["options"]["path"]
    assert mounts("grafana")[path] == "./grafana/dashboards"
    assert mounts("grafana")["/etc/grafana/provisioning"] == "./grafana/provisioning"


def test_prometheus_scrapes_the_controller_and_itself() -> None:
    """The targets are the services' names and ports; rules come from the mounted folder."""
    said = yaml.safe_load((ROOT / "prometheus.yml").read_text())
    targets = [
        target
        for job in said["scrape_configs"]
        for group in job["static_configs"]
        for target in group["targets"]
    ]
    assert targets == ["controller:9600", "localhost:9090"]
    assert mounts("prometheus")[str(Path(said["rule_files"][0]).parent)] == "./deploy/rules"


@needs_promtool
def test_prometheus_takes_its_configuration() -> None:
    """Promtool has nothing to say against it."""
    done = subprocess.run(
        [str(PROMTOOL), "check", "config", "--syntax-only", str(ROOT / "prometheus.yml")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_tells_of_every_service_and_setting() -> None:
    """docs/compose.md has a line a service; .env.example has every variable of the compose file."""
    page = (ROOT / "docs" / "compose.md").read_text()
    assert all(f"| `{service}` |" in page for service in COMPOSE["services"])
    assert all(f"`{volume}`" in page for volume in COMPOSE["volumes"])
    used = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    told = set(re.findall(r"^#?(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert used - told == {f"{service.upper()}_IMAGE" for service in FOREIGN}


def test_ids_for_the_containers_are_those_of_the_lists_owner(tmp_path: Path) -> None:
    """The helper writes them once, keeps what is said already, and refuses root with the mend.

    It lets Prometheus and Grafana read their files, whatever the umask of the checkout was.
    """
    for name in ("rules", "alertmanager", "logs"):
        (tmp_path / "deploy" / name).mkdir(parents=True)
    (tmp_path / "grafana").mkdir(mode=0o700)
    (tmp_path / "prometheus.yml").touch(mode=0o600)
    (tmp_path / "desired").mkdir()
    script = shutil.copy2(ROOT / "deploy" / "make_env.sh", tmp_path / "deploy")
    (tmp_path / ".env").write_text("AGENTS=real")
    if os.getuid() == 0:
        refused = subprocess.run([script], capture_output=True, text=True, timeout=30, check=False)
        assert refused.returncode == 2
        assert "chown" in refused.stderr
        os.chown(tmp_path / "desired", 1234, 1235)
    owner = (tmp_path / "desired").stat()
    for _ in range(2):
        subprocess.run([script], check=True, timeout=30)
    assert (tmp_path / "grafana").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "prometheus.yml").stat().st_mode & 0o777 == 0o644
    lines = (tmp_path / ".env").read_text().splitlines()
    assert lines[:3] == ["AGENTS=real", f"UID={owner.st_uid}", f"GID={owner.st_gid}"]
    assert len(lines) == 4
    assert re.fullmatch(r"GRAFANA_PASSWORD=[0-9a-f]{24}", lines[3])
