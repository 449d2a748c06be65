"""Rendering: templates, and texts of others made fit for a page."""

import re
from datetime import date, datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from controller.server.page.assets import address

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Only what comes from this server runs or is loaded; no text of a row can change that."""
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
"""Of every page. Under `no-referrer` a form that no script sends would have the origin `null`
(Fetch, 3.2), which is any other site's, too, and be refused."""
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]"
)
"""Control characters, what reorders text on a screen (CVE-2021-42574), and halves of a pair."""


def safe(text: str) -> str:
    """A text with every character spelled out that would not show, or would deceive."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


@cache
def environment() -> Environment:
    """The templates; whatever stands in them is escaped."""
    made = Environment(
        loader=PackageLoader("controller.server.page"),
        autoescape=True,
        undefined=StrictUndefined,
        lstrip_blocks=True,
        finalize=lambda value: safe(value) if type(value) is str else value,
    )
    made.globals["asset"] = address
    made.globals["now"] = lambda: datetime.now().astimezone().isoformat(timespec="milliseconds")
    made.filters["moment"] = moment
    made.filters["dollars"] = lambda amount: f"${amount:,.2f}"
    # jinja's own `join` makes markup of texts, which `finalize` then leaves as they are
    made.filters["commas"] = ", ".join
    made.filters["dashed"] = dashed
    return made


def render(template: str, **values: object) -> str:
    """A template with its values, as HTML."""
    return environment().get_template(template).render(values)


def dashed(word: str) -> str:
    """A status as a word of HTML: `In Progress` → `in-progress`."""
    return word.lower().replace(" ", "-")


def moment(at: datetime | date | None) -> Markup:
    """A time that the page's script tells relative to now; without it, to the minute."""
    if at is None:
        return Markup()
    if isinstance(at, datetime):
        machine, human = at.isoformat(timespec="seconds"), at.strftime("%Y-%m-%d %H:%M")
        return Markup('<time datetime="{}" data-ago title="{}">{}</time>').format(
            machine, at.strftime("%Y-%m-%d %H:%M:%S %z"), human
        )
    return Markup("<time datetime={}>{}</time>").format(escape(at.isoformat()), at.isoformat())
