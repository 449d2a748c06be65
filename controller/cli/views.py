"""The newest report as the commands show it."""

from controller.cli.context import build_app, controller_of
from controller.cli.standing import list_fault, standing
from controller.cli.terminal import demo_line, warn
from controller.core.names import pick
from controller.core.report import ProjectView, Report
from controller.layout import DATABASE, clock
from controller.settings import Settings
from controller.store import read_report


def newest(settings: Settings) -> tuple[Report, tuple[str, ...]]:
    """The running controller's report; else the last one; else what a look tells.

    With it come lines for standard error: what a reader must know besides.
    """
    report = read_report(settings.paths.state / DATABASE)
    running = controller_of(settings) is not None
    if report is not None:
        source = report.source
        fault = list_fault(source.valid, source.message, source.read_at, clock())
        return report, standing(
            report.at, report.server, running=running, demo=settings.demo, fault=fault
        )
    lines = [demo_line()] if settings.demo else []
    if not running:
        lines.append("no controller runs; this is what the list says")
    return look(settings), tuple(line for line in lines if line)


def told(settings: Settings) -> Report:
    """The newest report, once what a reader must know besides is told on standard error."""
    report, lines = newest(settings)
    for line in lines:
        warn(line)
    return report


def look(settings: Settings) -> Report:
    """What one tick would find, without doing anything."""
    app = build_app(settings, readonly=True)
    try:
        report = app.reconciler.preview().report
    finally:
        app.close()
    assert report is not None
    return report


def project_of(report: Report, name: str) -> ProjectView:
    """The project that a name means.

    Raises:
        NotFound: It means none, or several.
    """
    full = pick(name, [project.name for project in report.projects if project.name])
    return next(project for project in report.projects if project.name == full)
