"""The live table of `run`: what a person sees who just started the controller."""

from collections import deque

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from controller.cli.columns import age, line
from controller.cli.projects import agent_shown, deadline
from controller.cli.terminal import command, seat
from controller.core.report import ProjectView, Report
from controller.layout import clock
from controller.printable import clean
from controller.tick import Tick

EVENTS_SHOWN = 6
NARROW = 90
"""Columns below which what an agent does next is left out."""
_FRAME = 7
"""Lines around the projects: headline, header, blank lines, the prompt below."""
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
        size = self._console.size
        notes = _notes(report)[: max(1, size.height // 4)]
        events = list(self._events)[-max(1, min(EVENTS_SHOWN, size.height // 5)) :]
        footer = _footer(report, narrow=size.width < NARROW)
        taken = _FRAME + len(notes) + len(events) + 1 + len(footer.plain) // size.width
        projects, hidden = _fitting(report.projects, max(1, size.height - taken))
        if hidden:
            notes.insert(0, Text(f"… and {hidden} more: {command()} get", style="dim"))
        table = _projects(projects, size.width)
        lines = Text("\n".join(events), style="dim", no_wrap=True, overflow="ellipsis")
        return Group(_headline(report), Text(), table, *notes, Text(), lines, Text(), footer)


def _fitting(projects: tuple[ProjectView, ...], room: int) -> tuple[tuple[ProjectView, ...], int]:
    """As many projects as there is room for, those that need a person or run first."""
    if len(projects) <= room:
        return projects, 0
    ranked = sorted(projects, key=_rank)[: max(1, room - 1)]
    shown = {id(project) for project in ranked}
    return tuple(item for item in projects if id(item) in shown), len(projects) - len(shown)


def _rank(project: ProjectView) -> int:
    if project.needs_a_person:
        return 0
    if project.alive:
        return 1
    return 2 if project.status == "Queued" else 3


def _headline(report: Report) -> Text:
    running = sum(project.alive for project in report.projects)
    text = Text.assemble(
        ("CTO Sidekick", "bold"),
        clean(f"  {running} of {report.slots} slots  {report.source.name}  {report.server}"),
    )
    if report.demo:
        text.append("  demo: no credit is spent", style="bold yellow")
    if report.suspended:
        text.append(f"  suspended: {clean(report.suspended)}", style="bold red")
    return text


def _projects(projects: tuple[ProjectView, ...], width: int) -> Table:
    table = Table(box=None, pad_edge=False, expand=True, header_style="dim")
    columns: list[tuple[str, int | None, int]] = [
        ("PROJECT", 4, 10), ("STATUS", None, 11), ("REASON", 3, 12), ("AGENT", None, 5),
        ("PRI", None, 3), ("AGE", None, 5),
    ]  # fmt: skip
    if width >= NARROW:
        columns.append(("NEXT ACTION", 6, 10))
    for name, ratio, least in columns:
        table.add_column(name, ratio=ratio, min_width=least, no_wrap=True, overflow="ellipsis")
    now = clock()
    for project in projects:
        cells = (
            Text(line(project.name, width)),
            Text(line(project.status, width), style=_COLOURS.get(project.status, "")),
            Text(line(project.reason, width), style="" if project.valid else "red"),
            Text(line(agent_shown(project.agent, project.agent_running), width)),
            str(project.priority or ""),
            age(project.since, now),
            Text(line(_next(project), width)),
        )
        table.add_row(*cells[: len(columns)])
    return table


def _next(project: ProjectView) -> str:
    if project.overdue:
        return f"[{deadline(project.deadline, overdue=True)}] {project.next_action}"
    return project.next_action


def _notes(report: Report) -> list[Text]:
    """What needs a person."""
    notes = [
        Text(clean(f"✗ {stage}: {text}"), style="red") for stage, text in report.errors.items()
    ]
    for project in report.projects:
        if not project.valid:
            place = f"{report.source.name}:{project.line}"
            notes.append(Text(clean(f"✗ {place}: {project.message}"), style="red"))
        elif project.status == "Waiting":
            notes.append(
                Text(f"? {clean(project.message)}  →  {seat(project.name)}", style="yellow")
            )
    if report.prune:
        notes.append(
            Text(f"! rows vanished at once; to stop them: {command()} approve-prune", style="red")
        )
    return notes


def _footer(report: Report, *, narrow: bool) -> Text:
    attach = seat(next((project.name for project in report.projects if project.alive), "NAME"))
    if narrow:
        return Text.assemble(attach, ("   end ", "dim"), "Ctrl-C")
    return Text.assemble(
        ("attach ", "dim"), attach, (" (C-b d leaves)  ", "dim"), ("end ", "dim"), "Ctrl-C",
        (" (agents go on)  ", "dim"), ("more ", "dim"), f"{command()} --help",
    )  # fmt: skip
