"""`plan`: what the next tick would do."""

import argparse

from controller.cli import exits
from controller.cli.columns import table
from controller.cli.context import build_app, settings_in_force
from controller.cli.forms import as_text
from controller.cli.terminal import command, demo_line, warn
from controller.core.detail import ActionView, PlanView
from controller.core.documents import plan_document
from controller.core.planview import view_plan
from controller.printable import clean
from controller.settings import Settings


def plan(options: argparse.Namespace) -> int:
    """Print what the next tick would do; 0 nothing, 1 something, 2 it cannot be told."""
    settings = settings_in_force(options)
    if settings.demo and (line := demo_line()):
        warn(line)
    seen = preview(settings)
    tell_errors(seen)
    if not seen.known:
        return exits.ERROR
    if options.output == "table":
        print_actions(seen)
    else:
        print(as_text(plan_document(seen), options.output))
    return exits.NO if changes(seen.actions) else exits.OK


def preview(settings: Settings) -> PlanView:
    """What the next tick would do, by a look of our own."""
    app = build_app(settings, readonly=True)
    try:
        tick = app.reconciler.preview()
    finally:
        app.close()
    return view_plan(tick.plan, tick.errors, tick.now)


def changes(actions: tuple[ActionView, ...]) -> bool:
    """Whether anything is done: all but `Wait` is."""
    return any(action.action != "Wait" for action in actions)


def print_actions(seen: PlanView) -> None:
    """The actions as a table, and whether that is nothing; then what waits for the user's word."""
    if seen.actions:
        rows = [(_verb(a), a.project, a.reason, a.message) for a in seen.actions]
        print(table(("action", "project", "reason", "message"), rows, (14, 32, 20, 100)))
    if not changes(seen.actions):
        print("nothing to do")
    if seen.prune:
        print(prune_line(len(seen.blocked), seen.prune))
        for name in seen.blocked:
            print(f"  {clean(name)}")


def prune_line(count: int, digest: str) -> str:
    """What waits for the user's word, and both ways out."""
    return (
        f"blocked: {count} rows vanished at once; bring them back and all goes on, or let what is "
        f"theirs end: {command()} approve-prune --plan {digest}"
    )


def _verb(action: ActionView) -> str:
    return f"{action.action} failed" if action.failed else action.action


def tell_errors(seen: PlanView) -> None:
    """What failed, on standard error."""
    for stage, message in seen.errors:
        warn(f"{stage}: {message}")
