"""Work: where a project works, and what git saw of it when its run was over."""

from dataclasses import replace

from controller.core.actions import Start
from controller.core.observed import Ending, ReportState
from controller.core.prompts import prompt_of
from controller.core.work import Work
from controller.core.workload import Workload
from tests.core.fleet import Fleet
from tests.core.world import cells, limits

FOLDERS = {"alpha": "/home/me/shop", "beta": "/home/me/shop"}
WORK = Work(
    branch="sidekick/alpha", head="0123456789abcdef", changed=1, untracked=2,
    status=(" M a.py", "?? b.py", "?? c.py"), base="fedc", files=3, added=10, removed=2, commits=1,
)  # fmt: skip
KEPT = "sidekick/alpha: 3 files, +10 -2, 1 commit, 2 untracked"


def isolated(*names: str) -> Fleet:
    """Projects that share one repository; those named work in worktrees of it."""
    allowed = limits(folders=FOLDERS, workspaces="/w", isolated=frozenset(names))
    return Fleet(cells("alpha"), cells("beta", priority="2"), limits=allowed)


def leave(fleet: Fleet, work: Work | None, ending: Ending = Ending.COMPLETED) -> None:
    """The first project's run ends, and git is asked what it left."""
    fleet.end("alpha", ending)
    run = fleet.run()
    fleet.runs[run.id] = replace(run, work=work, branch="sidekick/alpha")


def lose_conversation(fleet: Fleet, work: Work) -> None:
    """The first project's agent does not know the conversation that it was to go on with."""
    leave(fleet, work, Ending.FORGOTTEN)
    run = fleet.run()
    fleet.runs[run.id] = replace(run, begun=True)
    fleet.tick()


def started(fleet: Fleet) -> Workload:
    """The workload of the first project's start in the last tick."""
    assert fleet.last is not None
    starts = [action for action in fleet.last.plan.actions if isinstance(action, Start)]
    return next(action.workload for action in starts if action.project == "alpha")


def test_worktrees_of_one_repository_run_side_by_side() -> None:
    """Each has its folder and its branch; without them the second one waits for the folder."""
    fleet = isolated("alpha", "beta")
    assert fleet.tick().started == ["alpha", "beta"]
    work = started(fleet)
    assert (work.folder, work.repository) == ("/w/alpha", "/home/me/shop")
    assert work.branch == "sidekick/alpha"
    plain = isolated()
    assert plain.tick().started == ["alpha"]
    assert (started(plain).folder, started(plain).repository) == ("/home/me/shop", "")
    assert plain.says("beta") == ("Queued", "FolderInUse")


def test_a_project_without_a_folder_of_its_own_has_no_worktree() -> None:
    """Its folder below workspaces is its own already."""
    fleet = Fleet(cells("alpha"), limits=limits(workspaces="/w", isolated=frozenset({"alpha"})))
    fleet.tick()
    assert (started(fleet).folder, started(fleet).repository) == ("/w/alpha", "")


def test_the_demo_agent_makes_no_worktree() -> None:
    """It does no work, so the user's repository is left alone."""
    fleet = isolated("alpha")
    fleet.limits = replace(fleet.limits, demo_agent="demo")
    fleet.tick()
    assert (started(fleet).folder, started(fleet).branch) == ("/w/alpha", "")


def test_the_row_tells_what_was_done() -> None:
    """The figures stand in its message and in one event."""
    fleet = isolated("alpha")
    fleet.rest()
    leave(fleet, WORK)
    tick = fleet.tick()
    assert KEPT in fleet.status().message
    assert tick.noted.count("WorkKept") == 1
    assert "WorkKept" not in fleet.rest().noted
    assert fleet.tick().quiet


def test_figures_that_come_after_the_agents_word_are_told_too() -> None:
    """It says that it is done while it lives; git is asked when it has ended."""
    fleet = isolated("alpha")
    fleet.rest()
    fleet.report("alpha", ReportState.DONE, "all done")
    fleet.tick()
    leave(fleet, WORK, Ending.STOPPED)
    assert "WorkKept" in fleet.tick().noted
    assert fleet.status().message == f"all done ({KEPT})"


def test_a_lost_conversation_is_told_where_the_work_stands() -> None:
    """The fresh one reads the status that git gave when the last run was over."""
    fleet = isolated("alpha")
    fleet.rest()
    fleet.tell(said="half of it is done")
    lose_conversation(fleet, WORK)
    prompt = prompt_of(started(fleet))
    assert "> half of it is done" in prompt
    assert "> on sidekick/alpha, at 0123456789ab\n>  M a.py\n> ?? b.py\n> ?? c.py\n" in prompt
    assert prompt.endswith("do alpha")


def test_old_figures_are_not_told_of_a_newer_run() -> None:
    """Where git could not be asked, nothing is said."""
    fleet = isolated("alpha")
    fleet.rest()
    leave(fleet, WORK)
    fleet.rest()
    fleet.type(status="Pending")
    fleet.rest()
    leave(fleet, None)
    fleet.tick()
    assert fleet.says() == ("Completed", "Finished")
    assert "+10" not in fleet.status().message


def test_more_than_the_status_shows_is_counted() -> None:
    """Lines that were left out are told as a number."""
    fleet = isolated("alpha")
    fleet.rest()
    lose_conversation(fleet, replace(WORK, untracked=40))
    assert "> and 38 more" in prompt_of(started(fleet))
