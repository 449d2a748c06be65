"""The judgement of a run's end: by cause, by the agent's word, by its events, by its status.

Neither a status of 0 nor another one says enough: agents end with 0 after they were denied what
they needed, and with 1 because a limit was reached.
"""

import signal
from dataclasses import replace
from datetime import datetime

from controller.agents.refusals import status_in, trouble_of, until_of
from controller.agents.resets import reset_of
from controller.core.exits import Cause, Exit
from controller.core.facts import NO_FACTS, Asking, Facts, Trouble
from controller.core.observed import TROUBLED, Ending, Report, ReportState, Result

_TROUBLES = {
    Trouble.LIMIT: Ending.HELD,
    Trouble.CREDIT: Ending.HELD,
    Trouble.AUTH: Ending.HELD,
    Trouble.RATE: Ending.UNAVAILABLE,
    Trouble.OVERLOADED: Ending.UNAVAILABLE,
    Trouble.OFFLINE: Ending.UNAVAILABLE,
    Trouble.REQUEST: Ending.BLOCKED,
    Trouble.BUDGET: Ending.BLOCKED,
    Trouble.TURNS: Ending.BLOCKED,
    Trouble.CONVERSATION: Ending.FORGOTTEN,
    Trouble.ERROR: Ending.CRASHED,
}
_SAID = 500
_MARKS = " \t\r\n*_`~\"')]"
"""What may stand behind a sentence's last sign."""


def judge_exit(
    end: Exit, report: Report | None, facts: Facts = NO_FACTS, *, tells: bool = False
) -> Result:
    """The judgement that holds for any program.

    Args:
        end: The shim's record.
        report: The agent's newest report.
        facts: What its events tell.
        tells: Whether the agent's events tell the end of its turn: an end without that is none.
    """

    def result(ending: Ending, reason: str, message: str, until: datetime | None = None) -> Result:
        message = message[:_SAID]
        known = facts.until or until
        until = known if ending in {Ending.HELD, Ending.UNAVAILABLE} else None
        return Result(ending, reason, message, end.ended_at, end.seconds, end.stop, end.status,
                      until)  # fmt: skip

    match end.cause:
        case Cause.START:
            return result(Ending.FAULT, end.reason or "StartFailed", end.message)
        case Cause.LOST:
            text = end.message or "the process that watched over the agent was killed"
            return result(Ending.LOST, end.reason or "ShimLost", text)
        case Cause.SIGNAL:
            text = end.message or "its session, or the server of all sessions, was killed"
            return result(Ending.LOST, end.reason or "SessionKilled", text)
        case Cause.STOP if end.stop is not None and end.stop.reason == TROUBLED:
            # Where only its screen told why it could not go on, the request says what that was.
            text = facts.message or end.stop.message
            trouble = facts.trouble or trouble_of(status_in(text), text)
            until = reset_of(text, end.ended_at) or until_of(text, end.ended_at)
            return result(_TROUBLES[trouble], trouble.value, text, until)
        case Cause.STOP:
            return result(Ending.STOPPED, "Stopped", end.message)
        case Cause.EXIT:
            pass
    word = report.state if report else None
    said = report.message if report else ""
    if word is ReportState.BLOCKED:
        return result(Ending.BLOCKED, "AgentBlocked", said)
    well = end.status == 0 and facts.trouble is None and (facts.ok or not tells)
    if word is ReportState.WAITING and (well or facts.ok):
        return result(Ending.WAITING, Asking.QUESTION.value, said or facts.said)
    if word is ReportState.DONE and well:
        return result(Ending.COMPLETED, "Finished", said)
    if facts.trouble is not None:
        return result(_TROUBLES[facts.trouble], facts.trouble.value, facts.message or _how(end))
    if facts.ask is not None:
        return result(Ending.WAITING, facts.ask.kind.value, facts.ask.text)
    if end.status is None and end.signal is None:
        text = "it ended, and whether it is done is not known: type Completed, or Pending to go on"
        return result(Ending.BLOCKED, "ExitUnknown", text)
    if well and facts.denied:
        return result(Ending.WAITING, Asking.DENIED.value, _denied(facts))
    if well and _asks(facts.said):
        return result(Ending.WAITING, Asking.QUESTION.value, facts.said)
    if well:
        done = said if word is ReportState.DONE else facts.said
        return result(Ending.COMPLETED, "Finished", done)
    if end.status == 0:
        text = "it ended without telling the end of its work"
        return result(Ending.CRASHED, "NoResult", text)
    return result(Ending.CRASHED, "Crashed", _how(end))


def forgotten(end: Exit, facts: Facts, *words: str) -> Facts:
    """The facts; the conversation is lost where an agent that failed at once says one of these."""
    told = (line for line in end.tail if any(each in line for each in words))
    lost = next(told, "") if end.status and not facts.ended else ""
    return replace(facts, trouble=Trouble.CONVERSATION, message=lost.strip()) if lost else facts


def _asks(said: str) -> bool:
    """Whether an agent's last line is a question.

    Headless, agents have no tool to ask with. One that has declared its work done may end with
    whatever it likes; of another, a question that nobody answers is the worse mistake.
    """
    lines = said.rstrip(_MARKS).splitlines()
    return bool(lines) and lines[-1].rstrip(_MARKS).endswith(("?", "？"))


def _denied(facts: Facts) -> str:
    several = f" and {len(facts.denied) - 1} more" if len(facts.denied) > 1 else ""
    return f"it was not allowed: {facts.denied[0]}{several}; answer it, or allow it in config.yaml"


def _how(end: Exit) -> str:
    if end.signal is not None:
        try:
            name = signal.Signals(end.signal).name
        except ValueError:
            name = f"signal {end.signal}"
        # The kernel tells nobody else whom it kills where memory is short.
        how = f"killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
    else:
        how = f"exit status {end.status}"
    last = next((line.strip() for line in reversed(end.tail) if line.strip()), "")
    return f"{how}: {last[:120]}" if last else how
