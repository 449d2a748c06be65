"""The whole system, built and run by Docker: one stack for all tests, for it takes its time."""

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.docker.stack import (
    OURS,
    OWNER,
    SERVICES,
    UNREACHABLE,
    Stack,
    missing_image,
    wait_for,
)

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """All services but Grafana, healthy; nothing of them is left behind."""
    if shutil.which("docker") is None:
        pytest.skip("no docker on the PATH")
    for argv in (["docker", "compose", "version"], ["docker", "info"]):
        if subprocess.run(argv, capture_output=True, timeout=60, check=False).returncode:
            pytest.skip(f"{' '.join(argv)} fails: there is no Docker Engine with Compose v2")
    stack = Stack()
    try:
        try:
            built = stack.compose("--profile", "*", "build", check=False, seconds=600)
        except subprocess.TimeoutExpired:
            pytest.skip("the images cannot be built within 600 s: the network is too slow")
        if built.returncode and (why := UNREACHABLE.search(built.stderr)):
            pytest.skip(f"the images cannot be built, for something cannot be had: {why[0]}")
        assert built.returncode == 0, built.stderr[-4000:]
        stack.up(*OURS)
        yield stack
    finally:
        stack.close()
    label = f"label=com.docker.compose.project={stack.name}"
    for kind in (("ps", "-aq"), ("volume", "ls", "-q"), ("network", "ls", "-q")):
        argv = ["docker", *kind, "--filter", label]
        left = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
        assert left.stdout == "", kind


@pytest.fixture(scope="module")
def prometheus(stack: Stack) -> str:
    """Prometheus's address."""
    if why := missing_image("prometheus"):
        pytest.skip(why)
    stack.up("prometheus")
    return f"http://127.0.0.1:{stack.ports['prometheus']}"


def test_the_example_rows_are_worked_on_by_the_real_programs(stack: Stack) -> None:
    """Claude Code, Qwen Code and Gemini CLI work in `agents`, against the mock, to the end."""
    agents = {
        project: stack.wait_status(project, "Completed", 150)["Agent"]
        for project in ("Antenna ML Pipeline", "APRS Audio Tools", "Pipecat Voice")
    }
    assert list(agents.values()) == ["claude", "qwen", "gemini"]


def test_an_edit_on_the_host_is_acted_on(stack: Stack) -> None:
    """A new row is worked on in `agents` and Completed; the file keeps its owner."""
    before = stack.list.stat()
    stack.append("From The Host", "Say hello")
    stack.wait_status("From The Host", "Completed")
    after = stack.list.stat()
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)


def test_agents_survive_the_controller(stack: Stack) -> None:
    """The controller is restarted and killed: the session works on, and is adopted."""
    stack.append("Long Work", '[mock: say "at it for long" over=600]')
    stack.wait_status("Long Work", "In Progress")
    name = wait_for("the session", lambda: [s for s in stack.sessions() if s.startswith("long")])
    pid = _agent(stack)
    stack.compose("restart", "controller")
    stack.compose("kill", "controller")
    stack.up("controller")
    stack.wait_status("Long Work", "In Progress")
    wait_for("adoption", lambda: "In Progress" in stack.inside("controller", "sidekick", "get"))
    assert _agent(stack) == pid
    assert name[0] in stack.sessions()


def test_agents_survive_a_new_build_of_the_controller(stack: Stack) -> None:
    """Its sources changed, `up --build controller` makes it anew, and no other service."""
    before = {service: stack.state(service)["Id"] for service in OURS}
    pid = _agent(stack)
    with (stack.root / "controller" / "__init__.py").open("a", encoding="utf-8") as file:
        file.write("\nBUILT_ANEW = True\n")
    stack.compose("up", "-d", "--build", "--wait", "controller")
    assert stack.inside(
        "controller", "python", "-c", "import controller; print(controller.BUILT_ANEW)"
    )
    after = {service: stack.state(service)["Id"] for service in OURS}
    assert [service for service in OURS if after[service] != before[service]] == ["controller"]
    assert _agent(stack) == pid
    stack.wait_status("Long Work", "In Progress")
    wait_for("adoption", lambda: _described(stack, "Long Work", "claude works"))


def test_a_crash_of_agents_heals_by_itself(stack: Stack) -> None:
    """Its main process dies: Docker starts it again, and the row's work goes on in a new run."""
    before = _agent(stack)
    stack.inside("agents", "tmux", "-N", "-S", "/run/sidekick/tmux.sock", "kill-server")
    wait_for("agents", lambda: stack.healthy("agents"), 90)
    wait_for("the session", lambda: any(s.startswith("long") for s in stack.sessions()), 90)
    assert _agent(stack) != before


KILLS = {
    "controller": ("sh", "-c", "kill -9 $(cat /proc/1/task/1/children)"),
    "agents": ("sh", "-c", "kill -9 $(cat /proc/1/task/1/children)"),
    "mock-claude": ("python", "-c", "import os; os.kill(1, 15)"),
    "prometheus": ("sh", "-c", "kill -TERM 1"),
}
"""Service → what ends its main process from within; without an init only SIGTERM reaches it."""


@pytest.mark.parametrize("service", KILLS)
def test_a_service_whose_process_is_killed_comes_back(stack: Stack, service: str) -> None:
    """Docker starts it anew, and it is healthy again; the list says the same as before."""
    if service == "prometheus" and (why := missing_image(service)):
        pytest.skip(why)
    stack.up(service)
    before = stack.state(service)["State"]["StartedAt"]
    stack.inside(service, *KILLS[service], check=False)
    wait_for("another start", lambda: stack.state(service)["State"]["StartedAt"] != before)
    wait_for("health", lambda: stack.healthy(service), 60)
    assert stack.rows()["Antenna ML Pipeline"]["Status"] == "Completed"


def test_agents_that_were_killed_by_hand_stay_down_and_their_rows_say_so(stack: Stack) -> None:
    """`docker kill` is an order to Docker; `up` brings them back, and the work goes on."""
    stack.append("Long Work 2", '[mock: say "at it for long" over=600]')
    stack.wait_status("Long Work 2", "In Progress")
    stack.compose("kill", "agents")
    told = wait_for(
        "the reason",
        lambda: _described(stack, "Long Work 2", "docker compose up -d agents"),
    )
    assert "NotSwept" in told
    stack.wait_status("Long Work 2", "Queued")
    assert not stack.state("agents")["State"]["Running"]
    stack.up("agents")
    wait_for("work", lambda: _described(stack, "Long Work 2", "it goes on"))
    stack.wait_status("Long Work 2", "In Progress")


def test_a_person_sits_down_at_an_agent(stack: Stack) -> None:
    """`sidekick attach` in the controller's container shows its screen; C-b d leaves it at work."""
    stack.append("Screen", '[mock: say "look at this" over=600]')
    stack.wait_status("Screen", "In Progress")
    status, seen = stack.at_terminal(
        "controller", ("sidekick", "attach", "Screen"), b"screen", b"\x02d"
    )
    assert status == 0
    assert b"detached" in seen
    assert stack.rows()["Screen"]["Status"] == "In Progress"


@pytest.mark.parametrize("token", [None, "wrong"])
@pytest.mark.parametrize(("method", "path"), [("GET", "projects"), ("POST", "reconcile")])
def test_without_its_token_the_controller_says_nothing(
    stack: Stack, token: str | None, method: str, path: str
) -> None:
    """Neither read nor change; with the token of its state, both."""
    url = f"http://127.0.0.1:{stack.ports['controller']}/api/v1/{path}"
    assert _status(url, method, token) == 401
    right = stack.inside("controller", "cat", "/data/state/token").strip()
    assert _status(url, method, right) == 200


def test_a_list_that_may_not_be_written_is_read_and_told(stack: Stack) -> None:
    """At once, with the mend; its rows are worked on; given back, their statuses are written."""
    if os.getuid() != 0:
        pytest.skip("only root can give the list to another user")
    stack.give_list_to(0)
    try:
        stack.compose("restart", "controller")
        stack.append("Read Only", '[mock: say "at it" over=600]', "Qwen")
        stack.up("controller")
        log = wait_for("the warning", lambda: _lines(stack, "cannot be written by user"))
        assert f"chown -R {OWNER}:{OWNER} /desired" in log[-1]
        wait_for("work", lambda: _described(stack, "Read Only", "qwen works"))
        assert stack.rows()["Read Only"]["Status"] == ""
    finally:
        stack.give_list_to(OWNER)
    stack.wait_status("Read Only", "In Progress")


def test_a_snapshot_rolls_the_volume_back(stack: Stack) -> None:
    """Taken beside the controller, restored while it is stopped, as the page says."""
    stack.wait_status("Antenna ML Pipeline", "Completed", 150)
    stack.inside("controller", "sidekick", "snapshot", "create", "then")
    stack.append("Later", "Say hello", "Gemini 2.0")
    stack.wait_status("Later", "Completed")
    refused = stack.compose(
        "exec", "-T", "controller", "sidekick", "snapshot", "restore", "then", check=False
    )
    assert "nothing was restored" in refused.stderr
    assert "end it first (docker compose stop controller)" in refused.stderr
    stack.compose("stop", "controller")
    done = stack.compose(
        "run", "--rm", "--no-deps", "-T", "controller", "sidekick", "snapshot", "restore", "then"
    )
    assert done.stdout.endswith("go on: docker compose start controller\n")
    assert "Later" not in stack.rows()
    stack.up("controller")
    assert stack.inside(
        "controller", "sidekick", "wait", "Antenna ML Pipeline", "--for", "Completed"
    )


@pytest.mark.parametrize("service", OURS)
def test_logs_are_json_lines(stack: Stack, service: str) -> None:
    """Every line that a service of ours ever printed is an object with a time and a message."""
    lines = [json.loads(line) for line in stack.logs(service)]
    assert lines
    assert all({"timestamp", "level", "event"} <= set(line) for line in lines)


def test_prometheus_scrapes_the_controller(prometheus: str) -> None:
    """Prometheus's own API: the target is up, and a project's series are there."""
    wait_for("the target", lambda: _query(prometheus, 'up{job="sidekick"} == 1'))
    wait_for(
        "series",
        lambda: _query(prometheus, 'sidekick_project_priority{project="Antenna ML Pipeline"}'),
    )


def test_alerts_are_sent_on(stack: Stack, prometheus: str) -> None:
    """With the profile `alerts`: Prometheus finds Alertmanager, which calls the webhook."""
    if why := missing_image("alertmanager"):
        pytest.skip(why)
    secret = stack.root / "secrets" / "alert-webhook"
    secret.parent.mkdir()
    secret.parent.chmod(0o755)
    secret.write_text("http://127.0.0.1:9/\n")  # nobody is there: that it was tried is what counts
    secret.chmod(0o644)
    url = f"http://127.0.0.1:{stack.ports['alertmanager']}"
    try:
        stack.compose("--profile", "alerts", "up", "-d", "--wait", "alertmanager", seconds=180)
        wait_for("Alertmanager in Prometheus", lambda: _alertmanagers(prometheus), 90)
        alert = json.dumps([{"labels": {"alertname": "SidekickDown", "severity": "critical"}}])
        request = urllib.request.Request(
            f"{url}/api/v2/alerts", alert.encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
        wait_for("the call of the webhook", lambda: _called_webhooks(url), 60)
    finally:
        stack.compose("--profile", "alerts", "rm", "-sf", "alertmanager")


def test_grafana_has_its_source_and_its_dashboards(stack: Stack) -> None:
    """Provisioned from the mounted folders; whoever looks needs no password."""
    if why := missing_image("grafana") or missing_image("prometheus"):
        pytest.skip(why)
    stack.up("grafana")
    url = f"http://127.0.0.1:{stack.ports['grafana']}"
    with urllib.request.urlopen(f"{url}/api/search?type=dash-db", timeout=10) as got:
        found = json.load(got)
    boards = list((stack.root / "grafana" / "dashboards").glob("*.json"))
    assert len(found) == len(boards)


def test_grafana_has_the_log_while_loki_is_there(stack: Stack) -> None:
    """Alloy brings the controller's lines to Loki; the dashboard comes and goes with it."""
    for service in ("prometheus", "grafana", "loki", "alloy"):
        if why := missing_image(service):
            pytest.skip(why)
    query = urllib.parse.urlencode(
        {"query": '{service_name="sidekick"} | project!="" | action="Start"'}
    )
    code = (
        "import urllib.request as r; "
        f"print(r.urlopen('http://loki:3100/loki/api/v1/query_range?{query}', timeout=5).read())"
    )
    url = f"http://127.0.0.1:{stack.ports['grafana']}/api/dashboards/uid/sidekick-log"
    stack.up("grafana")
    assert _status(url, "GET", None) == 404
    try:
        stack.compose("--profile", "logs", "up", "-d", "--wait", "loki", "alloy", seconds=180)
        wait_for(
            "the log's lines",
            lambda: "its turn has come" in stack.inside("controller", "python3", "-c", code),
        )
        stack.compose("restart", "grafana")
        stack.up("grafana")
        wait_for("the dashboard", lambda: _status(url, "GET", None) == 200)
    finally:
        stack.compose("--profile", "logs", "rm", "-sf", "loki", "alloy")
    stack.compose("restart", "grafana")
    stack.up("grafana")
    wait_for("its end", lambda: _status(url, "GET", None) == 404)


def test_agents_cannot_reach_the_controller(stack: Stack) -> None:
    """No name, no network, no state and no list: an agent has its run's folder alone."""
    addresses = ["controller"]
    networks = stack.state("controller")["NetworkSettings"]["Networks"].values()
    addresses += [network["IPAddress"] for network in networks]
    for address in addresses:
        code = f"import socket; socket.create_connection(({address!r}, 9600), 3)"
        done = stack.compose("exec", "-T", "agents", "python3", "-c", code, check=False)
        assert done.returncode != 0, address
        assert "gaierror" in done.stderr or "timed out" in done.stderr
    listed = stack.inside("agents", "sh", "-c", "ls -d /data/* /desired 2>/dev/null", check=False)
    assert sorted(listed.split()) == ["/data/homes", "/data/runs", "/data/workspaces"]


def test_the_tests_run_in_their_container(stack: Stack) -> None:
    """The checks, and those tests that need most of their surroundings: tmux, processes, files."""
    argv = ("run", "--rm", "-T", "test", "./run_tests.sh", "tests/runtimes", "tests/docker")
    done = stack.compose(*argv, check=False, seconds=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_a_developer_has_the_tools(stack: Stack) -> None:
    """User, agent, profilers, editors, and a history that stays."""
    script = (
        "set -e; whoami; claude --version; py-spy --version; pyinstrument --version; "
        'for name in git tmux htop nano vi sidekick pytest; do command -v "$name"; done; '
        'touch "$HISTFILE"; curl -fsS http://mock-claude:8080/healthz'
    )
    said = stack.compose("run", "--rm", "-T", "dev", "bash", "-c", script).stdout
    assert said.startswith("dev\n")
    assert "Claude Code" in said


@pytest.mark.parametrize("service", OURS)
def test_nothing_is_compiled_at_a_start(stack: Stack, service: str) -> None:
    """Every module of ours has its bytecode beside it, and it is for this Python."""
    code = (
        "import pathlib, importlib.util as u; files = [*pathlib.Path('/app').glob('*/**/*.py')]; "
        "ours = [f for f in files if '.venv' not in f.parts]; "
        "print(len(ours), [str(f) for f in ours "
        "if not pathlib.Path(u.cache_from_source(str(f))).exists()])"
    )
    count, missing = stack.inside(service, "/app/.venv/bin/python", "-c", code).split(maxsplit=1)
    assert int(count) > 100
    assert missing.strip() == "[]"


@pytest.mark.parametrize("service", SERVICES)
def test_services_have_no_more_rights_than_they_need(stack: Stack, service: str) -> None:
    """Not root, a root file system that cannot be written, no capability, no engine's socket."""
    if service == "prometheus" and (why := missing_image(service)):
        pytest.skip(why)
    stack.up(service)
    document = stack.state(service)
    host = document["HostConfig"]
    assert document["Config"]["User"] not in ("", "0", "root")
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert any("no-new-privileges" in option for option in host["SecurityOpt"])
    assert host["Memory"] > 0
    assert host["PidsLimit"] > 0
    assert not any("docker.sock" in mount["Source"] for mount in document["Mounts"])


def _described(stack: Stack, project: str, word: str) -> str:
    """What `describe` says of a project, once the word is in it."""
    text = stack.inside("controller", "sidekick", "describe", project, check=False)
    return text if word in text else ""


def _lines(stack: Stack, word: str) -> list[str]:
    """The controller's lines of log that have the word."""
    return [line for line in stack.logs("controller") if word in line]


def _status(url: str, method: str, token: str | None) -> int:
    """The status of an answer."""
    request = urllib.request.Request(url, method=method)
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def _agent(stack: Stack) -> str:
    """The newest living run of all, with its agent's pid in its container."""
    code = (
        "import json, pathlib\n"
        "for f in sorted(pathlib.Path('/data/runs').glob('*-*')):\n"
        "    if (f/'started.json').exists() and not (f/'exit.json').exists():\n"
        "        print(f.name, json.loads((f/'started.json').read_text())['pid'])"
    )
    return wait_for("an agent", lambda: stack.inside("agents", "python3", "-c", code))


def _alertmanagers(prometheus: str) -> list[Any]:
    """Those that Prometheus sends alerts to."""
    with urllib.request.urlopen(f"{prometheus}/api/v1/alertmanagers", timeout=5) as got:
        return list(json.load(got)["data"]["activeAlertmanagers"])


def _called_webhooks(url: str) -> bool:
    """Whether Alertmanager tried to call a webhook."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=5) as got:
        lines = got.read().decode().splitlines()
    tried = 'alertmanager_notification_requests_total{integration="webhook"'
    return any(line.startswith(tried) and not line.endswith(" 0") for line in lines)


def _query(url: str, expression: str) -> list[Any]:
    words = urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(f"{url}/api/v1/query?{words}", timeout=5) as got:
            return list(json.load(got)["data"]["result"])
    except OSError:
        return []
