"""Addresses of notifications: taken as they are, and told nowhere."""

import pytest

from controller.settings.environment import secret_variables
from tests.settings.conftest import Project

DEMO = "default_agent: demo\n"
SECRET = "s3cr3ts3cr3t"


def urls(project: Project, text: str) -> list[str]:
    """The addresses that a variable names."""
    settings = project.load(DEMO, SIDEKICK_NOTIFICATIONS_URLS=text)
    return [url.get_secret_value() for url in settings.notifications.urls]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ntfy://a", ["ntfy://a"]),
        ("ntfy://a,json://b", ["ntfy://a", "json://b"]),
        ("ntfy://a json://b\n slack://c\n", ["ntfy://a", "json://b", "slack://c"]),
        ("mailto://b?to=x@y.z,v@w.x, ntfy://a", ["mailto://b?to=x@y.z,v@w.x", "ntfy://a"]),
        (" ", []),
    ],
)
def test_several_in_a_variable(project: Project, text: str, expected: list[str]) -> None:
    """Parted by commas, blanks or lines; a comma within one belongs to it."""
    assert urls(project, text) == expected


@pytest.mark.parametrize(
    "line",
    [
        f"notifications: {{urls: [x{SECRET}]}}",
        f"notifications: {{urls: ntfy://{SECRET}}}",
        f"notifications: {{urls: [[ntfy://{SECRET}]]}}",
        f"notifications: {{urls: {{a: ntfy://{SECRET}}}}}",
        f"notifications: ntfy://{SECRET}",
        f"notifications: {{on: [ntfy://{SECRET}]}}",
        f"notifications: {{quiet: ntfy://{SECRET}}}",
        f"notifications: {{urls: [{', '.join(['ntfy://' + SECRET] * 51)}]}}",
    ],
)
def test_a_fault_does_not_tell_them(project: Project, line: str) -> None:
    """It has the place and what is allowed."""
    (fault,) = project.faults(DEMO + line)
    assert fault.startswith(":2:")
    assert ": must be" in fault or "allowed" in fault or "must begin" in fault
    assert SECRET not in fault


def test_a_fault_in_the_variable(project: Project) -> None:
    """It has the variable's name."""
    (fault,) = project.faults(DEMO, SIDEKICK_NOTIFICATIONS_URLS=f"x{SECRET}")
    assert fault.startswith("SIDEKICK_NOTIFICATIONS_URLS: notifications.urls: must begin")
    assert SECRET not in fault


def test_the_settings_hide_them(project: Project) -> None:
    """However they are printed or dumped."""
    settings = project.load(DEMO + f"notifications: {{urls: [ntfy://{SECRET}]}}")
    assert SECRET not in repr(settings) + settings.model_dump_json() + str(settings.model_dump())
    assert secret_variables() == {"SIDEKICK_NOTIFICATIONS_URLS"}


def test_the_file_is_beside_the_settings(project: Project) -> None:
    """As all paths."""
    settings = project.load(DEMO + "notifications: {urls_file: my/urls}")
    assert settings.notifications.urls_file == project.folder.resolve() / "my" / "urls"
