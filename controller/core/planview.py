"""A plan, or what a tick did, in the form in which everybody shows it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from controller.core.actions import Action, Outcome, Plan, Remove, Wait
from controller.core.detail import ActionView, PlanView


def view_plan(plan: Plan | None, errors: Mapping[str, str], at: datetime) -> PlanView:
    """What the next tick would do; without a plan, why there is none."""
    actions = tuple(view_action(action) for action in plan.actions) if plan else ()
    prune = plan.memory.prune if plan else ""
    return PlanView(at, actions, tuple(errors.items()), prune, known=plan is not None)


def view_outcomes(
    plan: Plan | None, outcomes: Iterable[Outcome], errors: Mapping[str, str], at: datetime
) -> PlanView:
    """What a tick did, and why it did nothing for those that wait."""
    done = [_view_outcome(outcome) for outcome in outcomes]
    waits = [view_action(a) for a in plan.actions if isinstance(a, Wait)] if plan else []
    prune = plan.memory.prune if plan else ""
    return PlanView(at, (*done, *waits), tuple(errors.items()), prune, known=plan is not None)


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
