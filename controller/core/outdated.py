"""Outdated: whether the settings would let a row run otherwise now than it does."""

from collections.abc import Sequence

from controller.core.case import Case
from controller.core.limits import Limits, Route
from controller.core.workload import folder_of


def is_outdated(case: Case, known: Sequence[Route], limits: Limits) -> bool:
    """Whether a run would be another one if it were started now; that alone never restarts it.

    Args:
        case: A row whose agent runs.
        known: Who may work for it by its words. Which of them is free now is no matter of the
            settings: a run goes on while its agent is held for others.
        limits: The settings.
    """
    run = case.run
    assert run is not None
    agent = limits.agents.get(run.agent)
    mode = case.project.mode if case.project else ""
    if agent is None or run.config != agent.config_in(mode):
        return True
    if run.adopted and case.stands_in:
        return False  # the demo stands in for no agent that a person began
    may = (Route(limits.demo_agent),) if case.stands_in else known
    route = next((route for route in may if route.agent == run.agent), None)
    if route is None or run.adopted:  # a person chose its folder and its model
        return route is None
    return run.model != route.model or _is_elsewhere(run.folder, case, limits)


def _is_elsewhere(folder: str, case: Case, limits: Limits) -> bool:
    """Whether a run's folder is not the one that its project has now.

    Of one below `workspaces` the name alone counts: the rest may be another way to the same place.
    """
    slug, own = case.member.slug, limits.folders.get(case.name)
    now = folder_of(case.name, slug, limits)
    if now == own:
        return folder != now
    return folder == own or folder.rpartition("/")[2] != slug
