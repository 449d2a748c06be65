"""A plan, or what a tick did, in the form in which everybody shows it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from controller.core.actions import Action, Outcome, Plan, Remove, Wait
from controller.core.detail import ActionView, PlanView
from controller.core.verdicts import PRUNE_BLOCKED


def view_plan(plan: Plan | None, errors: Mapping[str, str], at: datetime) -> PlanView:
    """What the next tick would do; without a plan, why there is none."""
    actions = [view_action(action) for action in plan.actions] if plan else []
    return _view(plan, actions, errors, at)


def view_outcomes(
    plan: Plan | None, outcomes: Iterable[Outcome], errors: Mapping[str, str], at: datetime
) -> PlanView:
    """What a tick did, and why it did nothing for those that wait."""
    done = [_view_outcome(outcome) for outcome in outcomes]
    waits = [view_action(a) for a in plan.actions if isinstance(a, Wait)] if plan else []
    return _view(plan, [*done, *waits], errors, at)


def _view(
    plan: Plan | None, actions: Iterable[ActionView], errors: Mapping[str, str], at: datetime
) -> PlanView:
    failed = tuple(errors.items())
    if plan is None:
        return PlanView(at, tuple(actions), failed, known=False)
    blocked = (name for name, said in plan.verdicts.items() if said.reason == PRUNE_BLOCKED.reason)
    return PlanView(at, tuple(actions), failed, plan.memory.prune, tuple(blocked))


def view_action(action: Action) -> ActionView:
    """One action."""
    whose = action.project
    if isinstance(action, Remove):
        whose = ", ".join(session.name for session in action.sessions)
    until = action.until if isinstance(action, Wait) else None
    return ActionView(type(action).__name__, whose, action.reason, action.message, until)


def _view_outcome(outcome: Outcome) -> ActionView:
    shown = view_action(outcome.action)
    if outcome.ok:
        return shown
    return replace(shown, reason=outcome.reason, message=outcome.message, failed=True)
