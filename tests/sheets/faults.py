"""What goes wrong between here and Google."""

from dataclasses import dataclass, field
from threading import Event


@dataclass(frozen=True, slots=True)
class Fault:
    """A mishap of one request.

    Attributes:
        status: The answer's status.
        body: The answer's body; None for Google's own form of that error.
        message: The error's message, in that form.
        reason: The error's reason in its details, such as `SERVICE_DISABLED`.
        headers: The answer's further headers.
        apply: Do what was asked before the answer is spoilt.
        manner: "answer"; or "reset" (the connection is reset), "cut" (the body ends early), "drip"
            (a byte now and then, without end), "hang" (nothing, until `release`).
    """

    status: int = 200
    body: str | None = None
    message: str = "it is so"
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    apply: bool = False
    manner: str = "answer"
    release: Event = field(default_factory=Event, compare=False)


HTML_502 = Fault(502, "<html><title>Error 502 (Server Error)!!1</title></html>")
EMPTY_500 = Fault(500, "")
EMPTY_OBJECT = Fault(200, "{}")
HTML_200 = Fault(200, "<html>Sign in</html>")
STRING_ERROR = Fault(400, '{"error": "invalid_request"}')
RESET = Fault(manner="reset")
CUT = Fault(manner="cut", apply=True)
APPLIED_503 = Fault(503, message="The service is currently unavailable.", apply=True)
