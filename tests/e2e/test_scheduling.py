"""Who runs when, on real sessions: pre-emption, GPUs, agents' slots, waiting, kinds of lists."""

from pathlib import Path

import pytest
import yaml

from tests.e2e.lab import Lab, wait_for

WORKS = "sleep 1000"
TALKS = {
    "command": ["sh", "-c", 'echo "begins {conversation}"; {prompt}'],
    "resume": ["sh", "-c", 'echo "goes on {conversation}"; sleep 1000'],
    "slots": 9,
}


def output(lab: Lab, project: str) -> str:
    """All that the runs of a project printed."""
    found = []
    for folder in sorted((lab.root / "runs").iterdir()):
        log = folder / "output.log"
        meta = yaml.safe_load((folder / "meta.json").read_text())
        if meta["project"] == project and log.exists():
            found.append(log.read_text())
    return "".join(found)


def row(name: str, priority: int, action: str = WORKS, **cells: str) -> str:
    """A line of the list."""
    gpu, agent = cells.get("gpu", ""), cells.get("agent", "")
    return f"{name},{priority},Pending,{agent},,{action},,{gpu},,"


def test_a_more_important_row_takes_a_place_and_gives_it_back(lab: Lab) -> None:
    """Paused by the controller, and back in its own conversation by itself."""
    lab.settle_in(
        row("Low", 5),
        agents={"sh": TALKS}, slots=1,
        times={"tick": 1, "stop_grace": 1, "min_run_time": 0.5},
    )  # fmt: skip
    lab.start()
    lab.wait_reason("Low", "Running")
    lab.append(row("Top", 1, "sleep 1"))
    lab.wait_reason("Low", "Preempted")
    assert lab.status("Low") == "Paused"
    lab.wait_status("Top", "Completed")
    lab.wait_reason("Low", "Running")
    lines = output(lab, "Low").splitlines()
    assert [line.rpartition(" ")[0] for line in lines] == ["begins", "goes on"]
    assert len({line.rpartition(" ")[2] for line in lines}) == 1
    assert lab.sessions() == ["low"]


def test_a_gpu_is_given_to_one_at_a_time_and_named_to_its_agent(lab: Lab) -> None:
    """CUDA_VISIBLE_DEVICES holds the index; a project that asked for none sees none."""
    say = 'echo "gpu=$CUDA_VISIBLE_DEVICES."; sleep 1000'
    lab.settle_in(
        row("One", 1, f'"{say.replace(chr(34), chr(34) * 2)}"', gpu="Yes"),
        row("Two", 2, f'"{say.replace(chr(34), chr(34) * 2)}"', gpu="Yes"),
        row("Three", 3, f'"{say.replace(chr(34), chr(34) * 2)}"', gpu="Yes"),
        row("Plain", 4, f'"{say.replace(chr(34), chr(34) * 2)}"'),
        gpus=2,
    )
    lab.start()
    lab.wait_reason("Three", "NoGPU")
    for name, said in (("One", "gpu=0."), ("Two", "gpu=1."), ("Plain", "gpu=.")):
        wait_for(f"{name} {said}", lambda n=name, s=said: s in output(lab, n))  # type: ignore[misc]
    lab.edit("One", Status="Paused")
    lab.wait_reason("Three", "Running")
    wait_for("the free one", lambda: "gpu=0." in output(lab, "Three"))


def test_an_agent_has_no_more_sessions_than_its_slots(lab: Lab) -> None:
    """Rows of another agent go on."""
    one = {"command": ["sh", "-c", "{prompt}"], "slots": 1}
    lab.settle_in(
        row("One", 1), row("Two", 2), row("Other", 3, agent="other"),
        agents={"sh": one, "other": one},
    )  # fmt: skip
    lab.start()
    lab.wait_reason("Two", "AgentCapacity: all 1 slots of sh are taken")
    lab.wait_reason("Other", "Running")
    lab.edit("One", Status="Completed")
    lab.wait_reason("Two", "Running")


def test_a_waiting_agent_gives_up_its_slot_and_keeps_its_session(lab: Lab) -> None:
    """It asks by its run's folder; after a while others may run, and it is still there."""
    asks = (
        """echo '{""type"": ""report"", ""state"": ""waiting"", ""message"": ""Which one?"","""
        """ ""at"": '$(date +%s)'}' >> $SIDEKICK_RUN_DIR/events.jsonl; sleep 1000"""
    )
    lab.settle_in(
        row("Asks", 1, f'"{asks}"'), row("Next", 2), slots=1,
        times={"tick": 1, "stop_grace": 1, "waiting_keeps_slot": 2},
    )  # fmt: skip
    lab.start()
    told = lab.wait_status("Asks", "Waiting")
    assert told["Reason"] == "AgentWaiting: Which one?"
    lab.wait_reason("Next", "Running")
    assert lab.sessions() == ["asks", "next"]
    assert lab.status("Asks") == "Waiting"


@pytest.mark.slow
def test_another_kind_of_list_waits_for_a_word(lab: Lab) -> None:
    """A credential that vanished must not start the rows of an old CSV file."""
    lab.settle_in(row("One", 1))
    (lab.root / "state").mkdir(mode=0o700)
    kind = lab.root / "state" / "source"
    kind.write_text("sheets\n")
    lab.start_unready()
    wait_for("the fault", lambda: "sidekick source approve" in lab.output())
    assert lab.sessions() == []
    assert lab.status("One") == "Pending"
    lab.sidekick("source", "approve", check=True)
    lab.wait_reason("One", "Running")
    assert kind.read_text() == "csv\n"


def test_the_settings_are_read_again_when_they_change(lab: Lab) -> None:
    """More slots count at once; a mistake keeps what was, and is told until it is mended."""
    lab.settle_in(row("One", 1), row("Two", 2), slots=1)
    lab.start()
    lab.wait_reason("Two", "Capacity")
    config = lab.root / "config.yaml"
    document = yaml.safe_load(config.read_text())
    save(config, {**document, "slots": "many"})
    wait_for("the fault", lambda: "settings failed" in lab.output())
    text = "slots 'many': must be of type integer"
    wait_for("the fault on the server", lambda: text in (lab.get("/healthz") or ""))
    save(config, {**document, "slots": 2})
    lab.wait_reason("Two", "Running")
    assert "SettingsReloaded" in lab.output()
    save(config, {**document, "slots": 2, "paths": {"logs": "other"}})
    wait_for(
        "the word", lambda: "restart the controller for the change of paths.logs" in lab.output()
    )


def save(path: Path, document: object) -> None:
    """Save as editors do: another file, renamed over it."""
    other = path.with_name("config.yaml~")
    other.write_text(yaml.safe_dump(document), encoding="utf-8")
    other.replace(path)
