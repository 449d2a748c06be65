"""Reading rows: what a read of the list wants, within a bounded time."""

from collections.abc import Sequence

from controller.core.desired import Desired, parse_rows
from controller.core.errors import TerminalError
from controller.core.row import Row
from controller.core.row_schema import RowSchema
from controller.deadline import cpu_limit

PARSE_SECONDS = 10.0
"""On a processor, for a whole list; the longest that is read takes a tenth of it."""


class RowReader:
    """Holds rows against the schema.

    Args:
        schema: What they are held against.
        seconds: Time on a processor that a list may take.
    """

    def __init__(self, schema: RowSchema, seconds: float = PARSE_SECONDS) -> None:
        self._schema = schema
        self._seconds = seconds
        self._refused: tuple[Sequence[Row], TerminalError] | None = None

    def parse(self, rows: Sequence[Row]) -> Desired:
        """What the rows want; what took too long before is refused at once.

        Raises:
            TerminalError: The schema's rules take too long.
        """
        if self._refused is not None and self._refused[0] is rows:
            raise self._refused[1].with_traceback(None)
        try:
            with cpu_limit(self._seconds):
                return parse_rows(rows, self._schema)
        except TerminalError as error:
            self._refused = (rows, error)
            raise
        except TimeoutError as error:
            text = "the list takes too long to read; shorten it, or simplify the schema of rows"
            slow = TerminalError("SchemaTooSlow", text)
            self._refused = (rows, slow)
            raise slow from error
