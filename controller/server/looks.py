"""Looks: what the API tells; nothing is changed."""

from starlette.responses import Response

from controller.core.documents import (
    Document,
    detail_document,
    events_document,
    plan_document,
    projects_document,
    status_document,
)
from controller.core.errors import TransientError
from controller.core.report import ProjectView, Report
from controller.core.words import fold
from controller.server.answers import Answer
from controller.server.operations import Call, Site


async def projects(site: Site, call: Call) -> Response:
    """The projects, or those that the parameters choose."""

    def look() -> Document:
        report = _report(site)
        return projects_document(report, (p for p in report.projects if _is_chosen(p, call)))

    return Answer(await site.looks.run(look))


async def project(site: Site, call: Call) -> Response:
    """Everything about one project."""
    return Answer(await site.looks.run(lambda: detail_document(site.backend.describe(call.name))))


async def status(site: Site, _call: Call) -> Response:
    """The controller's health."""
    backend = site.backend

    def look() -> Document:
        healthy, ready, faults = backend.healthy(), backend.ready(), backend.faults()
        return status_document(_report(site), healthy=healthy, ready=ready, faults=faults)

    return Answer(await site.looks.run(look))


async def plan(site: Site, _call: Call) -> Response:
    """What the next tick would do; the loop finds it out, so it takes its turn there."""
    return Answer(await site.plans.run(lambda: plan_document(site.backend.plan())))


async def events(site: Site, call: Call) -> Response:
    """The newest events."""
    return Answer(
        await site.looks.run(lambda: events_document(site.backend.events(**call.query)))
    )  # fmt: skip


async def description(site: Site, _call: Call) -> Response:
    """The API's own description."""
    return Answer(await site.looks.run(site.description))


def _report(site: Site) -> Report:
    report = site.backend.report()
    if report is None:
        raise TransientError("NotReady", "the list was not read yet; ask again in a moment")
    return report


def _is_chosen(project: ProjectView, call: Call) -> bool:
    """Whether a project has one of the words of every parameter; case and blanks do not count."""
    cells = {"status": project.status, "reason": project.reason, "agent": project.agent}
    return all(
        not words or fold(cells[name]) in {fold(word) for word in words}
        for name, words in call.query.items()
    )
