"""Settings held against each other."""

from collections.abc import Iterable
from ipaddress import ip_address

from controller.core.words import fold
from controller.settings.agents import FAMILIES, RouteSection, agent_faults
from controller.settings.model import Settings
from controller.settings.notifications import url_faults

Misfit = tuple[tuple[str | int, ...], object, str]
"""A setting's path, its value where it may be told, and what is wrong with it."""


def cross_check(settings: Settings) -> list[Misfit]:
    """What no schema can say: names that must be defined elsewhere in the file."""
    known = ", ".join(["demo", *sorted(settings.agents)])
    faults: list[Misfit] = []
    if "demo" in settings.agents:
        faults.append((("agents", "demo"), None, "the name demo is taken by the built-in agent"))
    names = {"demo", *settings.agents}
    if settings.default_agent not in names:
        text = f"no such agent; allowed: {known}"
        if settings.default_agent in FAMILIES:
            text += f"; to have it, add agents: {{ {settings.default_agent}: {{}} }}"
        faults.append((("default_agent",), settings.default_agent, text))
    faults += [
        (("models", model, *place, "agent"), route.agent, f"no such agent; allowed: {known}")
        for model in settings.models
        for place, route in _places(settings, model)
        if route.agent not in names
    ]
    faults += [
        (("models", model), None, "names no agent")
        for model in settings.models
        if not settings.routes(model)
    ]
    faults += [
        (("agents", name, *keys), value, text)
        for name, section in settings.agents.items()
        for keys, value, text in agent_faults(name, section)
    ]
    faults += [
        (("models", name), None, f"means the same as {first}; keep one")
        for name, first in _namesakes(settings.models)
    ]
    faults += [
        (("project_isolation", name), kind.value, "names no project that has a folder in projects")
        for name, kind in settings.project_isolation.items()
        if name not in settings.projects
    ]
    faults += url_faults(settings.notifications)
    host = settings.server.host
    if not _is_address(host):
        faults.append((("server", "host"), host, "must be an IP address, or localhost"))
    sheets = settings.priority_source.sheets
    if settings.priority_source.type == "sheets" and not (sheets.url or sheets.spreadsheet_name):
        text = "which sheet? set priority_source.sheets.url or spreadsheet_name"
        faults.append((("priority_source", "type"), settings.priority_source.type.value, text))
    return faults


def _places(settings: Settings, model: str) -> list[tuple[tuple[int, ...], RouteSection]]:
    """The routes of a model, each with where it stands in the list, if there is one."""
    routes = settings.routes(model)
    alone = isinstance(settings.models[model], RouteSection)
    return [(() if alone else (index,), route) for index, route in enumerate(routes)]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _namesakes(names: Iterable[str]) -> list[tuple[str, str]]:
    """Names that differ from an earlier one by case and blanks alone, with that one."""
    seen: dict[str, str] = {}
    pairs = [(name, seen.setdefault(fold(name), name)) for name in names]
    return [(name, first) for name, first in pairs if name != first]
