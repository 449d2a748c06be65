"""The live table of `run`: what a person sees who just started the controller."""

from collections import deque

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from controller.app import clock
from controller.cli.columns import age, clean
from controller.cli.context import command
from controller.cli.views import deadline
from controller.core.report import ProjectView, Report
from controller.reconciler import Tick

EVENTS_SHOWN = 6
_COLOURS = {
    "In Progress": "green",
    "Completed": "blue",
    "Waiting": "bold yellow",
    "Blocked": "red",
    "Queued": "cyan",
    "Paused": "magenta",
}


class LiveTable:
    """Draws every tick, and the ages in between.

    Args:
        console: The terminal.
        events: Lines of the log, the newest last; the last few are shown.
    """

    def __init__(self, console: Console, events: deque[str]) -> None:
        self._console = console
        self._events = events
        self._report: Report | None = None
        self._live = Live(
            console=console, get_renderable=self._draw, refresh_per_second=2, screen=False,
            transient=False, redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip

    def start(self) -> None:
        """Take the terminal."""
        self._live.start()

    def show(self, tick: Tick) -> None:
        """Show a tick."""
        self._report = tick.report
        self._live.refresh()

    def stop(self) -> None:
        """Give the terminal back; the last picture stays."""
        self._live.stop()

    def _draw(self) -> RenderableType:
        report = self._report
        if report is None:
            return Text("looking at the list and the sessions …", style="dim")
        return Group(
            _headline(report), Text(), _projects(report), *_notes(report), Text(),
            Text("\n".join(self._events), style="dim"), Text(), _footer(report),
        )  # fmt: skip


def _headline(report: Report) -> Text:
    running = sum(project.alive for project in report.projects)
    text = Text.assemble(
        ("CTO Sidekick", "bold"),
        f"  {running} of {report.slots} slots  {report.source.name}  {report.server}",
    )
    if report.demo:
        text.append("  demo: no credit is spent", style="bold yellow")
    if report.suspended:
        text.append(f"  suspended: {clean(report.suspended)}", style="bold red")
    return text


def _projects(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, expand=True, header_style="dim")
    for name, ratio, least in (
        ("PROJECT", 4, 10), ("STATUS", None, 11), ("REASON", 3, 8), ("AGENT", None, 6),
        ("PRI", None, 3), ("AGE", None, 5), ("NEXT ACTION", 6, 10),
    ):  # fmt: skip
        table.add_column(name, ratio=ratio, min_width=least, no_wrap=True, overflow="ellipsis")
    now = clock()
    for project in report.projects:
        table.add_row(
            Text(clean(project.name)),
            Text(clean(project.status), style=_COLOURS.get(project.status, "")),
            Text(project.reason, style="" if project.valid else "red"),
            Text(clean(project.agent)),
            str(project.priority or ""),
            age(project.since, now),
            Text(clean(_next(project))),
        )
    return table


def _next(project: ProjectView) -> str:
    if project.overdue:
        return f"[{deadline(project.deadline, overdue=True)}] {project.next_action}"
    return project.next_action


def _notes(report: Report) -> list[Text]:
    """What needs a person."""
    notes = [Text(f"✗ {stage}: {clean(text)}", style="red") for stage, text in _errors(report)]
    for project in report.projects:
        if not project.valid:
            place = f"{report.source.name}:{project.line}"
            notes.append(Text(f"✗ {place}: {clean(project.message)}", style="red"))
        elif project.status == "Waiting":
            hint = f'{command()} attach "{project.name}"'
            notes.append(Text(clean(f"? {project.message}  →  {hint}"), style="yellow"))
    if report.prune:
        notes.append(
            Text(f"! rows vanished at once; to stop them: {command()} approve-prune", style="red")
        )
    return notes


def _errors(report: Report) -> list[tuple[str, str]]:
    return list(report.errors.items())


def _footer(report: Report) -> Text:
    live = next((project.name for project in report.projects if project.alive), "NAME")
    return Text.assemble(
        ("attach ", "dim"), f'{command()} attach "{clean(live)}"',
        (" (C-b d leaves)   ", "dim"), ("end ", "dim"), "Ctrl-C",
        (" (agents keep working)   ", "dim"), ("more ", "dim"), f"{command()} --help",
    )  # fmt: skip
