"""What there is to be asked for: every metric, and its labels."""

from tests.metrics.reports import busy, families

TARGET = {"instance", "job"}
"""The labels that Prometheus itself gives each series."""
_HISTOGRAM = ("_bucket", "_sum", "_count")


def exported() -> dict[str, set[str]]:
    """The name of each series that `/metrics` can show → its labels, and those of the target."""
    found: dict[str, set[str]] = {"up": set(TARGET)}
    for family in families(busy()):
        for sample in family.samples:
            found.setdefault(sample.name, set(TARGET)).update(sample.labels)
    return found


def family_of(name: str) -> str:
    """The family of a series: a histogram has three names."""
    for suffix in _HISTOGRAM:
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return name
