"""A line of the log for people."""

from structlog.dev import Column, ConsoleRenderer, KeyValueColumnFormatter
from structlog.typing import EventDict, WrappedLogger

from controller.printable import clean

_BELOW = ("exception", "stack")


class ForPeople:
    """Time, level, whose it is, what it is about, the text; then the rest, each with its name.

    Names and texts come from rows and agents: none of them can begin another line that passes for
    ours, and none can reach a terminal with what it obeys. A traceback stands indented below.

    Args:
        colours: Whether it is for a terminal that shows them.
        brief: The time of the day in place of the date, no level, and no rest.
    """

    def __init__(self, *, colours: bool = False, brief: bool = False) -> None:
        styles = ConsoleRenderer.get_default_column_styles(colours)
        levels = ConsoleRenderer.get_default_level_styles(colours)
        self._brief = brief

        def shown(style: str, after: str = "") -> KeyValueColumnFormatter:
            return KeyValueColumnFormatter(None, style, styles.reset, str, postfix=after)

        def level(key: str, value: object) -> str:  # noqa: ARG001 - the form of a column
            name = str(value)
            return f"{levels.get(name, '')}{name.upper():<7}{styles.reset}"

        self._line = ConsoleRenderer(
            sort_keys=False,
            columns=[
                Column("timestamp", shown(styles.timestamp)),
                Column("level", level),
                Column("project", shown(styles.bright)),
                Column("about", shown(styles.logger_name, ":")),
                Column("event", shown("")),
                Column("", KeyValueColumnFormatter(
                    styles.kv_key, styles.kv_value, styles.reset, _quoted
                )),
            ],
        )  # fmt: skip

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> str:
        """The event's line, and its traceback below."""
        below = [str(event.pop(key)) for key in _BELOW if key in event]
        line = self._line(logger, name, self._columns(event))
        told = (clean(text.expandtabs(4)) for each in below for text in each.splitlines())
        return "\n".join((line, *(f"    {text}" for text in told)))

    def _columns(self, event: EventDict) -> EventDict:
        said = {
            key: clean(value) if isinstance(value, str) else value for key, value in event.items()
        }
        at = said["timestamp"].replace("T", " ")
        said["timestamp"] = at[11:19] if self._brief else at[:23]
        del said["logger"]
        if "reason" in said:
            about = "action" if said.get("result") == "success" else "reason"
            said["about"] = said.pop(about)
            said.setdefault("project", "fleet")
        if self._brief:
            return {key: said[key] for key in ("timestamp", "project", "about", "event")
                    if key in said}  # fmt: skip
        return said


def _quoted(value: object) -> str:
    """With quotes where it would pass for more than one word."""
    text = str(value)
    return repr(text) if not text or set(text) & set(" \"'=") else text
