"""Events, counted by type and reason."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter

from controller.core.events import Event
from controller.metrics.instruments import ACTIONS, STAGES
from controller.metrics.reasons import Reasons
from controller.metrics.table import PREFIX

NORMAL = (
    *("Completed", "Renamed", "Reopened", "Returned", "RowDeleted", "SettingsReloaded"),
    *("EditConflict", "SheetWritable"),
    *("EditMerged", "EditRestored", "StaleEdit", "Stopped", "UserWord", "WriteDeferred"),
    *ACTIONS,
    *(f"{stage.title()}Recovered" for stage in STAGES),
    # What a row may say:
    *("AgentReleased", "Answered", "ComingBack", "RateLimited"),
    *("AgentCapacity", "Capacity", "CrashBackoff", "Demo", "Finished", "FolderInUse"),
    *("NewNextAction", "NoGPU", "OutOfDate", "Running", "SessionVanished", "Starting"),
    *("Stopping", "Suspended", "UserBlocked", "UserCompleted", "UserPaused"),
    "WorkKept",
)
"""Reasons of events that tell of something usual."""
WARNING = (
    *("AgentBlocked", "CrashLoop", "Crashed", "PruneBlocked", "RestartNeeded", "RunsUnavailable"),
    *(f"{stage.title()}Failed" for stage in STAGES),
    # What a row may say that a person must mend:
    *("AgentWaiting", "DuplicateProject", "InvalidRow", "NoNextAction", "RunFolderMissing"),
    *(
        "ConflictMarkers",
        "EditSetAside",
        "FormulaError",
        "HardLinkParted",
        "RepeatedHeader",
        "RowCut",
        "SchemaInvalid",
        "TooManyCells",
    ),
    *("AgentOff", "AnotherController", "SheetReadOnly", "UnknownAgent", "UnknownModel"),
    # How an agent was kept from its work:
    *("AgentHeld", "AgentError", "AuthFailed", "BudgetExceeded", "ConversationLost", "Hung"),
    *("LoginAsked", "NoResult", "Offline", "OutOfCredit", "Overloaded", "PermissionAsked"),
    *("PermissionDenied", "RequestRefused", "TrustAsked", "TurnLimit", "UsageLimit"),
    # How a run never began, or was lost (docs/run-folder.md):
    *("ExecFailed", "FolderMissing", "ProgramMissing", "ProgramNotExecutable", "SessionEnded"),
    *("SecretsInvalid", "SecretsUnreadable", "SessionKilled", "ShimError", "ShimLost"),
    *("SpecInvalid", "SpecVersion", "StartFailed"),
    *("BranchInUse", "GitFailed", "GitMissing", "GitTimeout", "NotARepository", "RepositoryEmpty"),
    *("WorktreeBlocked", "WorktreeBroken"),
)
"""Reasons of events that a person should care for."""


class Events:
    """Counts events. Those that are known start at 0, so that the first one is a rise."""

    def __init__(self, registry: CollectorRegistry, reasons: Reasons) -> None:
        self._reasons = reasons
        self._counter = Counter(
            "events", "Events by type and reason.", ("type", "reason"),
            namespace=PREFIX, registry=registry,
        )  # fmt: skip
        for kind, known in (("normal", NORMAL), ("warning", WARNING)):
            for reason in known:
                self._counter.labels(kind, reason)

    def count(self, events: Iterable[Event]) -> None:
        """Take a tick's events into account."""
        for event in events:
            kind = "warning" if event.warning else "normal"
            self._counter.labels(kind, self._reasons(event.reason)).inc()
