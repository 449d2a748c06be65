"""Tables as text, in the two forms that scrapers read.

The library makes an object of every sample and escapes each of its labels anew, which takes about
0.4 s where there are a thousand projects. This writes the same bytes in a tenth of the time.
"""

from collections.abc import Iterable

from prometheus_client.utils import floatToGoString

from controller.metrics.table import Table


class _Escaped(dict[str, str]):
    """A label's value → how it is written; most stand in many rows."""

    def __missing__(self, text: str) -> str:
        written = text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
        self[text] = written
        return written


class _Numbers(dict[float, str]):
    """A value → how it is written."""

    def __missing__(self, value: float) -> str:
        written: str = floatToGoString(value)  # type: ignore[no-untyped-call] # it has no types
        self[value] = written
        return written


def write(tables: Iterable[Table], *, openmetrics: bool) -> str:
    """The tables one after the other.

    Args:
        tables: Families, each once.
        openmetrics: In the form of OpenMetrics, else in that of Prometheus. A family's head alone
            differs, and the mark of the document's end, which is not written here.
    """
    escape, number = _Escaped().__getitem__, _Numbers().__getitem__
    parts: list[str] = []
    for table in tables:
        labels = ",".join(f'{label}="%s"' for label in table.labels)
        form = f"{table.sample}{{{labels}}} %s\n" if labels else f"{table.sample} %s\n"
        parts.append(_head(table, openmetrics=openmetrics))
        parts += [form % (*map(escape, values), number(value)) for values, value in table.rows]
    return "".join(parts)


def _head(table: Table, *, openmetrics: bool) -> str:
    if openmetrics:
        name, kind = table.family, table.kind
    else:
        name, kind = table.sample, "gauge" if table.kind == "info" else table.kind
    return f"# HELP {name} {table.text}\n# TYPE {name} {kind}\n"
