"""The API's operations, one after the other."""

from controller.server import looks, orders, stream
from controller.server.bodies import Field
from controller.server.operations import Operation
from controller.server.queries import Number, Text, Words

ROOT = "/api/v1"
LONGEST_ANSWER = 10_000
LONGEST_MESSAGE = 500
"""As long as a note about a project is kept."""

_MESSAGE = Field("message", "Why, for those who read it later.", LONGEST_MESSAGE)
_TEXT = Field("text", "The answer.", LONGEST_ANSWER, required=True)
_PLAN = Field("plan", "The digest of the mass stop that waits; see status.", 100, required=True)
_AFTER = Number("after", "Only events behind this one's seq.", 0, 2**63 - 1, 0)
_PROJECT = Text("project", "Only events of this project, by its full name; empty: the fleet's own.")
_BUSY = (503,)
_LOOP = (422, 503, 504)
_NAMED = (404, 409)

OPERATIONS = (
    Operation(
        "listProjects", "GET", f"{ROOT}/projects",
        "Every project, in the list's order.",
        looks.projects, "Projects", _BUSY,
        queries=(
            Words("status", "Only projects with one of these statuses."),
            Words("reason", "Only projects with one of these reasons."),
            Words("agent", "Only projects of one of these agents."),
        ),
    ),
    Operation(
        "describeProject", "GET", f"{ROOT}/projects/{{name}}",
        "Everything about one project; its name may be shortened as long as one alone fits.",
        looks.project, "Project", (*_NAMED, *_BUSY),
    ),
    Operation(
        "getStatus", "GET", f"{ROOT}/status",
        "The controller's health: the newest report without its projects, and the loop's own word.",
        looks.status, "Status", _BUSY,
    ),
    Operation(
        "getPlan", "GET", f"{ROOT}/plan",
        "What the next tick would do.",
        looks.plan, "Plan", _LOOP,
    ),
    Operation(
        "listEvents", "GET", f"{ROOT}/events",
        "The newest events, the oldest first.",
        looks.events, "Events", _BUSY,
        queries=(_AFTER, _PROJECT, Number("last", "At most so many.", 1, 1000, 100)),
    ),
    Operation(
        "followEvents", "GET", f"{ROOT}/events/stream",
        "The events as they come: server-sent events. `event` has an Event document and its seq "
        "as id; `report` has a Revision document, and says that the projects changed.",
        stream.stream, "Stream", _BUSY,
        queries=(Number("after", f"{_AFTER.about} Without: those that come from now on.",
                        _AFTER.low, _AFTER.high), _PROJECT),
        header=stream.LAST_EVENT_ID, media=stream.MEDIA_TYPE,
    ),
    Operation(
        "describeApi", "GET", f"{ROOT}/openapi.json",
        "This description.",
        looks.description, "Description", _BUSY,
    ),
    Operation(
        "reconcile", "POST", f"{ROOT}/reconcile",
        "Make a tick now, and tell what it did.",
        orders.reconcile, "Plan", _LOOP,
    ),
    Operation(
        "pauseProject", "POST", f"{ROOT}/projects/{{name}}/pause",
        "Stop a project and keep its conversation.",
        orders.pause, "Done", (*_NAMED, *_LOOP), fields=(_MESSAGE,),
    ),
    Operation(
        "resumeProject", "POST", f"{ROOT}/projects/{{name}}/resume",
        "Let a paused or blocked project go on.",
        orders.resume, "Done", (*_NAMED, *_LOOP), fields=(_MESSAGE,),
    ),
    Operation(
        "restartProject", "POST", f"{ROOT}/projects/{{name}}/restart",
        "End a project's run and start it again; one that does not run is asked to run.",
        orders.restart, "Done", (*_NAMED, *_LOOP), fields=(_MESSAGE,),
    ),
    Operation(
        "answerProject", "POST", f"{ROOT}/projects/{{name}}/answer",
        "Give a waiting agent its answer, as the next message of its conversation.",
        orders.answer, "Done", (*_NAMED, *_LOOP), fields=(_TEXT,),
    ),
    Operation(
        "releaseAgent", "POST", f"{ROOT}/agents/{{name}}/release",
        "Let an agent that is held work again.",
        orders.release, "Released", (404, *_LOOP),
    ),
    Operation(
        "suspendFleet", "POST", f"{ROOT}/fleet/suspend",
        "Let the whole fleet rest: every session stops, nothing starts.",
        orders.suspend, "Suspended", _LOOP, fields=(_MESSAGE,),
    ),
    Operation(
        "resumeFleet", "POST", f"{ROOT}/fleet/resume",
        "Let the fleet go on.",
        orders.resume_fleet, "Resumed", _LOOP,
    ),
    Operation(
        "approvePrune", "POST", f"{ROOT}/prune/approve",
        "Let the sessions of the rows that vanished at once end.",
        orders.approve_prune, "Approved", (409, *_LOOP), fields=(_PLAN,),
    ),
)  # fmt: skip
