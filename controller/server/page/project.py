"""A project's own page as HTML."""

import shlex
from collections.abc import Iterable

from markupsafe import Markup

from controller.core.detail import ProjectDetail
from controller.core.report import ProjectView
from controller.server.page.ansi import to_html
from controller.server.page.rendering import moment, render


def draw_project(found: ProjectDetail) -> dict[str, str]:
    """All that is known of a project: element's id → HTML that replaces its like."""
    return {
        "state": render("state.html", found=found),
        "facts": render("facts.html", facts=_facts(found.project)),
        "history": render("history.html", found=found),
    }


def draw_screen(lines: Iterable[str], *, live: bool) -> str:
    """Its screen, or the end of what it printed; of escapes the lines have those that colour."""
    return render("screen.html", lines=[to_html(line) for line in lines], live=live)


def attach_command(name: str) -> str:
    """What a person types to sit down at the project's session; a shell takes it as it is."""
    return shlex.join(("sidekick", "attach", name))


def _facts(project: ProjectView) -> list[tuple[str, str | Markup]]:
    """Title → value, for what is known of the project."""
    agent = project.agent_running or project.agent
    found: list[tuple[str, str | Markup | None]] = [
        ("Next action", project.next_action),
        ("Proposed next action", project.proposed),
        ("Progress", project.progress),
        ("Doing", project.doing),
        ("Agent", f"{agent} ({project.model})" if project.model else agent),
        ("Priority", None if project.priority is None else str(project.priority)),
        ("Deadline", moment(project.deadline)),
        ("Waiting since", moment(project.waiting_since)),
        ("Last sign of life", moment(project.activity_at)),
        ("Next try", moment(project.next_retry)),
        ("Crashes", str(project.crashes or "")),
        ("Last exit", project.last_exit),
        ("Cost", f"${project.dollars:,.2f}" if project.dollars else ""),
        ("Tokens", f"{project.tokens:,}" if project.tokens else ""),
        ("Folder", project.folder),
        ("Branch", project.branch),
        ("Work", project.work),
        ("Session", project.session),
    ]
    return [(title, value) for title, value in found if value]
