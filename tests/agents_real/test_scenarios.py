"""What every agent does, from prompt to done, to a limit and back: the same table for all.

A test's name is its scenario's; `Family.differs` leaves some out or gives another end.
"""

import os
import re
import signal
import time
import uuid
from typing import Any

import pytest

from controller.agents.base import Mode, Screened
from controller.core.facts import NO_FACTS, Facts
from controller.core.observed import Ending
from tests.agents_real.bench import Bench, Ended
from tests.shim.world import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.agents, pytest.mark.timeout(400)]

_CONTINUE = re.compile(r'"(?:text|content)": "continue')
ID = "3f1c8f4e-5b0a-4c57-9d0e-2a7f6f0f9a11"


def ends(bench: Bench, scenario: str, ended: Ended, ending: Ending, reason: str) -> None:
    """Hold an end against what is expected of this family."""
    expected = bench.family.differs.get(scenario, (ending, reason))
    assert expected == (ended.result.ending, ended.result.reason), f"{ended.result}\n{ended.log}"


def fresh(bench: Bench, conversation: str = ID) -> dict[str, Any]:
    """A fresh conversation, with an id of ours where the agent takes one."""
    return {"conversation": conversation} if bench.agent().takes_ids else {}


def test_answer(bench: Bench) -> None:
    """An answer is an end that is done, with the agent's words and what was spent."""
    ended = bench.run('say "All is well."', **fresh(bench))
    ends(bench, "answer", ended, Ending.COMPLETED, "Finished")
    assert set(bench.answered()) == {"text"}
    if ended.facts.ended:
        assert ended.facts.said == "All is well."
        assert ended.facts.conversation
        assert ended.facts.usage.tokens > 0


def test_write(bench: Bench) -> None:
    """A file that it says it wrote is on the disk."""
    ended = bench.run(f'write {bench.work}/hello.txt "Hello there"; say "Written."', **fresh(bench))
    ends(bench, "write", ended, Ending.COMPLETED, "Finished")
    assert (bench.work / "hello.txt").read_text().strip() == "Hello there"


def test_command(bench: Bench) -> None:
    """A command that it may run has run."""
    agent = bench.agent(allow=("touch",))
    ended = bench.run('run "touch ran.txt"; say "Run."', agent=agent, **fresh(bench))
    ends(bench, "command", ended, Ending.COMPLETED, "Finished")
    assert (bench.work / "ran.txt").exists()
    if ended.facts.ended:
        assert (ended.facts.steps, "touch ran.txt" in ended.facts.doing) == (1, True)


def test_report(bench: Bench) -> None:
    """Its own report reaches the run's folder, through whatever sandbox it has."""
    tool = bench.family.tool.format(tools=bench.root / "homes" / "bin")
    ended = bench.run(f"run '{tool} report blocked No'; say \"Told.\"", **fresh(bench))
    ends(bench, "report", ended, Ending.BLOCKED, "AgentBlocked")
    assert ended.result.message == "No"


def test_question(bench: Bench) -> None:
    """A question at the end waits for a person; the answer is the conversation's next turn."""
    script = f'say "Which colour?"; write {bench.work}/colour.txt "red"; say "Done."'
    ended = bench.start(f"Begin. [mock: {script}]", **fresh(bench)).wait()
    ends(bench, "question", ended, Ending.WAITING, "AgentWaiting")
    assert ended.result.message == "Which colour?"
    conversation = ended.facts.conversation
    ended = bench.start("The red one.", conversation=conversation, begun=True).wait()
    ends(bench, "answered", ended, Ending.COMPLETED, "Finished")
    assert (bench.work / "colour.txt").exists()
    assert ended.facts.conversation == conversation


def test_denied(bench: Bench) -> None:
    """Work that it was not allowed to do is not done, and a person is asked."""
    ended = bench.run(f'write {bench.outside} "Hello"; say "Done."', **fresh(bench))
    ends(bench, "denied", ended, Ending.WAITING, "PermissionDenied")
    assert not bench.outside.exists()


def test_denied_command(bench: Bench) -> None:
    """What it may run does not let through what stands beside it; a person is told which."""
    agent = bench.agent(allow=("ls",))
    ended = bench.run('run "ls; python3 -V >no"; say "Done."', agent=agent, **fresh(bench))
    ends(bench, "denied_command", ended, Ending.WAITING, "PermissionDenied")
    assert "python3 -V" in ended.result.message
    assert not (bench.work / "no").exists()


def test_taught(bench: Bench) -> None:
    """What it is taught arrives; the home of the person stays as it was."""
    agent = bench.agent(preamble="Taught: report.")
    ended = bench.run("say ok", agent=agent, **fresh(bench))
    ends(bench, "taught", ended, Ending.COMPLETED, "Finished")
    assert any("Taught: report." in entry["body"] for entry in bench.mock.requests())
    assert {path.name for path in bench.root.iterdir()} <= {"work", "runs", "home", "homes"}


def test_rate_limit(bench: Bench) -> None:
    """Too many requests for a moment are borne by the agent itself."""
    ended = bench.run('fail rate_limit times=1 retry-after=1; say "Later."', **fresh(bench))
    ends(bench, "rate_limit", ended, Ending.COMPLETED, "Finished")
    answered = (
        ["rate_limit"] if ended.result.ending is Ending.UNAVAILABLE else ["rate_limit", "text"]
    )
    assert set(answered) <= set(bench.answered())


def test_usage_limit(bench: Bench) -> None:
    """A used-up subscription holds the agent until its reset; then its work goes on as it was."""
    patience = bench.family.patience
    limit = f"fail usage_limit reset={patience}"
    first = f'write {bench.work}/one.txt "1"; ' if bench.family.loops else ""
    script = f'{first}{limit}; write {bench.work}/two.txt "2"; say "Both."'
    ended = bench.start(f"Begin. [mock: {script}]", **fresh(bench)).wait(patience + 120)
    refused = [entry["at"] for entry in bench.mock.requests() if entry["answer"] == "usage_limit"]
    reset = min(refused) + patience
    ends(bench, "usage_limit", ended, Ending.HELD, "UsageLimit")
    assert (bench.work / "one.txt").exists() == bench.family.loops
    assert not (bench.work / "two.txt").exists()
    until, exact = ended.result.until, bench.family.exact
    assert (until is None) == (exact is None)
    if until is not None and exact is not None:
        assert -1 <= until.timestamp() - reset <= exact

    conversation = ended.facts.conversation or ID
    wait_for(lambda: time.time() > reset, "the reset", patience + 10)
    live = bench.start("unused", conversation=conversation, begun=True, resume=True)
    ended = live.wait()
    ends(bench, "resumed", ended, Ending.COMPLETED, "Finished")
    assert (bench.work / "two.txt").exists()
    assert ended.facts.conversation in {conversation, ""}


@pytest.mark.parametrize("failure", ["unauthorized", "forbidden"])
def test_unauthorized(bench: Bench, failure: str) -> None:
    """A refused key holds the agent, whatever its exit status is."""
    ended = bench.run(f"fail {failure}", **fresh(bench))
    ends(bench, failure, ended, Ending.HELD, "AuthFailed")


def test_billing(bench: Bench) -> None:
    """Where no money is left, the agent is held."""
    ended = bench.run("fail billing", **fresh(bench))
    ends(bench, "billing", ended, Ending.HELD, "OutOfCredit")


def test_overloaded(bench: Bench) -> None:
    """A service that fails is no crash."""
    ended = bench.run("fail overloaded", **fresh(bench))
    ends(bench, "overloaded", ended, Ending.UNAVAILABLE, "Overloaded")


def test_broken(bench: Bench) -> None:
    """A stream that breaks again and again is no crash."""
    ended = bench.run("fail broken", **fresh(bench))
    ends(bench, "broken", ended, Ending.UNAVAILABLE, "Offline")


def test_offline(bench: Bench) -> None:
    """A service that cannot be reached is no crash."""
    agent = bench.agent(base_url=bench.family.base_url("http://127.0.0.1:9"))
    ended = bench.run('say "Hello"', agent=agent, **fresh(bench))
    ends(bench, "offline", ended, Ending.UNAVAILABLE, "Offline")


def test_killed(bench: Bench) -> None:
    """A killed agent has crashed, and leaves no process behind."""
    live = bench.start('Begin. [mock: fail hang seconds=60; say "x"]', **fresh(bench))
    wait_for(lambda: bench.answered(), "the first request", 60)
    os.kill(live.pid(), signal.SIGKILL)
    ended = live.wait()
    ends(bench, "killed", ended, Ending.CRASHED, "Crashed")
    assert ended.exit.signal == 9
    assert ended.result.message.startswith("killed by SIGKILL")


def test_stopped(bench: Bench) -> None:
    """A run that is asked to end ends soon, and it counts as stopped."""
    live = bench.start('Begin. [mock: fail hang seconds=60; say "x"]', **fresh(bench))
    wait_for(lambda: bench.answered(), "the first request", 60)
    bench.stop(live)
    ends(bench, "stopped", live.wait(), Ending.STOPPED, "Stopped")


def test_interactive(bench: Bench) -> None:
    """On a terminal nothing has to be answered or typed: it works, says so, and stays."""
    agent = bench.agent(mode=Mode.INTERACTIVE, allow=("touch", "sleep"))
    script = (
        f'run "touch began.txt; sleep 3"; write {bench.work}/hello.txt "Hello"; say "All is well."'
    )
    live = bench.start(f"Begin. [mock: {script}]", agent=agent, **fresh(bench))
    assert isinstance(agent, Screened)

    def seen() -> Facts:
        return agent.look(NO_FACTS, live.screen())

    begun = bench.family.terminal
    wait_for(lambda: (bench.work / "began.txt").exists(), "the command", begun)
    wait_for(lambda: seen().working, "its mark of work")
    file = bench.work / "hello.txt"  # the screen shows the prompt, too, and so the answer's words
    wait_for(lambda: file.exists() and file.read_text().strip() == "Hello", "the file", 60)
    wait_for(lambda: "All is well." in live.screen(), "its answer", 30)
    wait_for(lambda: not seen().working, "its rest", 30)
    bench.stop(live)
    ends(bench, "interactive", live.wait(), Ending.STOPPED, "Stopped")


def test_several(bench: Bench) -> None:
    """Several that start at once in one home do not disturb each other."""
    if bench.family.alone_at_first:
        bench.run("say ok", **fresh(bench))
    lives = [
        bench.start(
            f'Begin. [mock: write {bench.work}/{name}.txt "x"; say "{name}"]',
            **fresh(bench, str(uuid.uuid4())),
        )
        for name in ("one", "two", "three")
    ]
    for live in lives:
        ends(bench, "several", live.wait(), Ending.COMPLETED, "Finished")
    assert {path.stem for path in bench.work.glob("*.txt")} == {"one", "two", "three"}


def test_interrupted(bench: Bench) -> None:
    """Killed in the middle of a command, it goes on with the same conversation."""
    script = f'run "touch began.txt; sleep 15"; write {bench.work}/two.txt "2"; say "Both."'
    agent = bench.agent(allow=("touch", "sleep"))
    live = bench.start(f"Begin. [mock: {script}]", agent=agent, **fresh(bench))
    wait_for(lambda: (bench.work / "began.txt").exists(), "the command", 60)
    conversation = live.facts().conversation or ID
    os.kill(live.pid(), signal.SIGTERM)
    ends(bench, "interrupted", live.wait(), Ending.CRASHED, "Crashed")

    again = {"conversation": conversation, "begun": True, "resume": True}
    ended = bench.start("unused", agent=agent, **again).wait()
    ends(bench, "resumed", ended, Ending.COMPLETED, "Finished")
    assert ended.facts.conversation == conversation
    assert any(_CONTINUE.search(entry["body"]) for entry in bench.mock.requests())


def test_forgotten(bench: Bench) -> None:
    """A conversation that the agent does not know is told as such."""
    ended = bench.start("Go on", conversation=ID, begun=True).wait()
    ends(bench, "forgotten", ended, Ending.FORGOTTEN, "ConversationLost")


@pytest.mark.parametrize("prompt", ["-rf --help", "Ask @nobody about @work/x", "!ls"])
def test_odd_prompts(bench: Bench, prompt: str) -> None:
    """What looks like an option, a shell command or a file arrives as it is."""
    ended = bench.start(f"{prompt} [mock: say ok]", **fresh(bench)).wait()
    ends(bench, "odd_prompts", ended, Ending.COMPLETED, "Finished")
    assert any(entry["prompt"].strip().startswith(prompt) for entry in bench.mock.requests())
