"""Orders: what the API lets a person change. The loop does it between two ticks."""

from collections.abc import Callable

from starlette.responses import Response

from controller.core.documents import Document, document, plan_document
from controller.core.errors import NotFound
from controller.server.answers import Answer
from controller.server.backend import Backend
from controller.server.operations import Call, Site
from controller.server.problems import Problem


async def reconcile(site: Site, _call: Call) -> Response:
    """Make a tick now."""
    return Answer(await site.orders.run(lambda: plan_document(site.backend.reconcile())))


async def pause(site: Site, call: Call) -> Response:
    """Stop a project, keep its conversation."""
    return await _about_a_project(site, call, site.backend.pause)


async def resume(site: Site, call: Call) -> Response:
    """Let a paused or blocked project go on."""
    return await _about_a_project(site, call, site.backend.resume)


async def restart(site: Site, call: Call) -> Response:
    """End a project's run and start it again."""
    return await _about_a_project(site, call, site.backend.restart)


async def answer(site: Site, call: Call) -> Response:
    """Give a waiting agent its answer."""
    text = call.body["text"]
    name = await site.orders.run(lambda: site.backend.answer(call.name, text))
    return Answer(document(project=name))


async def release(site: Site, call: Call) -> Response:
    """Let an agent that is held work again."""
    agent = await site.orders.run(lambda: site.backend.release(call.name))
    return Answer(document(agent=agent))


async def suspend(site: Site, call: Call) -> Response:
    """Let the whole fleet rest."""
    await site.orders.run(lambda: site.backend.suspend(call.body["message"]))
    return Answer(document(suspended=True))


async def resume_fleet(site: Site, _call: Call) -> Response:
    """Let the fleet go on."""
    rested = await site.orders.run(site.backend.resume_fleet)
    return Answer(document(suspended=False, rested=rested))


async def approve_prune(site: Site, call: Call) -> Response:
    """Let the sessions of the rows that vanished at once end."""
    return Answer(await site.orders.run(lambda: _approve(site.backend, call.body["plan"])))


def _approve(backend: Backend, plan: str) -> Document:
    try:
        return document(plan=backend.approve_prune(plan))
    except NotFound as error:
        report = backend.report()
        blocked = report.prune if report else ""
        raise Problem(409, error.reason, error.message, plan=blocked) from error


async def _about_a_project(site: Site, call: Call, order: Callable[[str, str], str]) -> Response:
    name = await site.orders.run(lambda: order(call.name, call.body["message"]))
    return Answer(document(project=name))
