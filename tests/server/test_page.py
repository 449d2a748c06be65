"""The live page over HTTP: what it shows, who may look, and who may change things."""

import asyncio
import itertools
import re
import shlex
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest

from controller.core.errors import TransientError
from controller.core.report import NotificationsView
from controller.server import Server
from controller.server.lanes import Lane
from controller.server.operations import Site
from controller.server.page import follow
from controller.server.page.board import NEEDS, draw
from controller.server.page.plans import Plans
from controller.server.page.project import attach_command
from controller.server.pulse import Pulse
from controller.visits import LINK_LASTS, Visits, sign_link
from tests.e2e.lab import wait_for
from tests.server.client import Client, Reply
from tests.server.world import ALPHA, BETA, GAMMA, REPORT, TOKEN, World, entry

HOSTILE = "<script>alert(1)</script>\"'&\x1b[31m\u202e"

LATER = REPORT.at + timedelta(seconds=1)


@pytest.fixture
def browser(server: Server) -> Client:
    """Who asks for pages, which the API's description does not know."""
    return Client(int(server.url.rpartition(":")[2]))


def visit(browser: Client) -> str:
    """Follow a link of `sidekick open`; the cookie."""
    reply = browser.ask("GET", f"/open?link={sign_link(TOKEN, time.time())}")
    assert (reply.status, reply.headers["location"]) == (303, "/")
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    return cookie.partition(";")[0]


def send(browser: Client, path: str, cookie: str, origin: str = "", **fields: str) -> Reply:
    """Send a form as the page does."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    here = f"http://127.0.0.1:{browser.port}"
    return browser.ask(
        "POST", path, urlencode(fields).encode(), {**headers, "Origin": origin or here}
    )


def test_the_board(world: World, browser: Client) -> None:
    """Every project, what is wrong, and the events; without a script."""
    world.journal = [entry(1, "Gamma", "it waits")]
    page = browser.get("/").body.decode()
    for text in ("Alpha/Beta ä", "CrashLoop", "it crashes", "disk full", "Opus", "it waits"):
        assert text in page
    assert page.count("data-row") == 3


def test_what_needs_a_person_comes_first(world: World, browser: Client) -> None:
    """By the Stalled condition alone; who waits for an answer is named before all others."""
    asks = replace(GAMMA, status="Waiting", conditions=ALPHA.conditions, message="which one?")
    world.known = replace(REPORT, at=LATER, projects=(ALPHA, BETA, asks))
    page = browser.get("/").body.decode()
    needs = page[page.index('id="needs"') : page.index('id="projects-title"')]
    assert re.findall(r"<bdi>(.*?)</bdi>", needs) == ["Gamma", "Alpha"]
    assert "which one?" in needs
    assert 'data-row="waiting needs-you"' in page
    world.known = replace(REPORT, projects=(BETA,))
    assert "needs-title" not in browser.get("/").body.decode()


def test_many_that_need_a_person(world: World, browser: Client) -> None:
    """So many are named, the others counted; a chip shows them all."""
    many = tuple(replace(ALPHA, name=f"P{number}") for number in range(NEEDS + 3))
    world.known = replace(REPORT, at=LATER, projects=many)
    page = browser.get("/").body.decode()
    needs = page[page.index('id="needs"') : page.index('id="projects-title"')]
    assert needs.count("<bdi>") == NEEDS
    assert "and 3 more" in needs
    assert f"<strong>{NEEDS + 3}</strong> Needs you" in page


def test_every_page_tells_what_is_wrong(world: World, browser: Client) -> None:
    """A loop that hangs, a demo, a fleet at rest: told on the board and on a project's page."""
    world.is_healthy = False
    world.known = replace(
        REPORT, at=LATER, suspended="at night", demo=True,
        source=replace(REPORT.source, refusal="it may only be read"),
        notifications=NotificationsView(("ntfy://x",), failure="no answer", failed_at=LATER),
    )  # fmt: skip
    for path in ("/", "/?project=Alpha"):
        page = browser.get(path).body.decode()
        for text in (
            "makes no progress", "The fleet rests: at night", "Demo:", "disk full",
            "it may only be read", "no answer",
        ):  # fmt: skip
            assert text in page


def test_what_is_wrong_is_told_once(world: World, browser: Client) -> None:
    """A list, sessions and a write that fail are stages of the tick, too."""
    source = replace(REPORT.source, valid=False, message="no list", refusal="read only")
    errors = {"read": "no list", "observe": "no tmux", "write": "read only", "settings": "a typo"}
    world.known = replace(
        REPORT, at=LATER + timedelta(seconds=1), source=source,
        runtime_up=False, runtime_message="no tmux", errors=errors,
    )  # fmt: skip
    page = browser.get("/").body.decode()
    assert [page.count(text) for text in errors.values()] == [1, 1, 1, 1]


def test_rows_that_vanished_at_once(world: World, browser: Client) -> None:
    """They are named before anybody lets their sessions end, and deceive nobody by it."""
    gone = replace(
        ALPHA, name="Al\u202epha<b>", reason="PruneBlocked", message="many vanished", line=None
    )
    world.known = replace(REPORT, at=LATER, projects=(gone, BETA), prune="0123abcd")
    page = browser.get("/").body.decode()
    assert "Many rows vanished at once: <bdi>Al\\u202epha&lt;b&gt;</bdi>" in page
    assert "sidekick approve-prune --plan 0123abcd" in page
    needs = page[page.index('id="needs"') : page.index('id="projects-title"')]
    assert "many vanished" not in needs


def test_before_the_first_tick(world: World, browser: Client) -> None:
    """The page says that it waits."""
    world.known = None
    reply = browser.get("/")
    assert reply.status == 200
    assert "was not read yet" in reply.body.decode()


def test_texts_of_others_are_inert(world: World, browser: Client) -> None:
    """Nothing of a row becomes a tag, and no character deceives."""
    hostile = replace(ALPHA, name=HOSTILE, next_action=HOSTILE, message=HOSTILE, agent=HOSTILE)
    world.known = replace(REPORT, projects=(hostile,), suspended=HOSTILE)
    world.journal = [entry(1, HOSTILE, HOSTILE)]
    for path in ("/", f"/?project={quote(HOSTILE)}", "/?project=%3Cscript%3Ealert(1)%3C/script%3E"):
        reply = browser.get(path)
        page = reply.body.decode()
        assert "<script>alert" not in page
        assert not re.search("[\x1b\u202e]", page)
        assert "script-src 'self'" in reply.headers["content-security-policy"]
        assert "unsafe" not in reply.headers["content-security-policy"]


def test_a_project(world: World, browser: Client) -> None:
    """Its state, conditions, runs and events, and how to sit down at it."""
    page = browser.get("/?project=Alpha").body.decode()
    for text in (
        "Accepted", "run-1", "it began", "/work/alpha", "sidekick attach Alpha", "last line",
    ):  # fmt: skip
        assert text in page


def test_the_command_to_copy() -> None:
    """A shell takes it as it is, whatever the name."""
    assert shlex.split(attach_command("it's; rm -rf $HOME")) == [
        "sidekick", "attach", "it's; rm -rf $HOME",
    ]  # fmt: skip


def test_no_such_project(world: World, browser: Client) -> None:
    """A page that says so."""
    reply = browser.get("/?project=nobody")
    assert reply.status == 404
    assert "No such project" in reply.body.decode()


def test_assets(browser: Client) -> None:
    """Whatever the page names is there, and nothing else is."""
    page = browser.get("/").body.decode()
    found = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(found) == 7
    for path in found:
        reply = browser.get(path)
        assert reply.status == 200
        assert "immutable" in reply.headers["cache-control"]
    for path in ("/static/..%2froutes.py", "/static/nothing.js", "/static/"):
        assert browser.get(path).status == 404


def test_a_visitor_changes_things(world: World, browser: Client) -> None:
    """Every form does what it says."""
    cookie = visit(browser)
    told = [
        send(browser, "/page/order", cookie, name="Alpha", order=order, message="so")
        for order in ("pause", "resume", "restart")
    ]
    told.append(send(browser, "/page/answer", cookie, name="Alpha", text="yes\r\n do it"))
    assert [(reply.status, reply.headers["location"]) for reply in told] == 4 * [
        (303, "/?project=Alpha")
    ]
    assert world.orders == [
        ("pause", "Alpha", "so"), ("resume", "Alpha", "so"), ("restart", "Alpha", "so"),
        ("answer", "Alpha", "yes do it"),
    ]  # fmt: skip
    assert "This browser may change things" in browser.get("/", Cookie=cookie).body.decode()


@pytest.mark.parametrize(
    ("cookie", "origin", "status"),
    [
        ("", "", 401),
        ("sidekick-1=x", "", 401),
        ("ours", "http://evil.example", 403),
        ("ours", "http://127.0.0.1:1", 403),
    ],
)
def test_who_may_not_change(
    world: World, browser: Client, cookie: str, origin: str, status: int
) -> None:
    """No cookie, a made-up one, and another page that borrows ours."""
    cookie = visit(browser) if cookie == "ours" else cookie
    reply = send(browser, "/page/order", cookie, origin, name="Alpha", order="pause")
    assert reply.status == status
    assert world.orders == []


def test_a_link_works_once(browser: Client) -> None:
    """Neither twice, nor a moment too late, nor made with another token."""
    link = sign_link(TOKEN, time.time())
    late = sign_link(TOKEN, time.time() - LINK_LASTS.total_seconds() - 2)
    forged = sign_link("x" * 40, time.time())
    assert browser.ask("GET", f"/open?link={link}").status == 303
    for word in (link, late, forged, "", "a.1.b", f"{link}0"):
        assert browser.ask("GET", f"/open?link={word}").status == 403


def test_a_link_that_is_over_says_what_to_do(browser: Client) -> None:
    """A page for a browser, without scripts; the problem as JSON for a program."""
    as_browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    link = f"/open?link={sign_link(TOKEN, time.time())}"
    assert browser.ask("GET", link, headers=as_browser).status == 303

    page = browser.ask("GET", link, headers=as_browser)

    assert page.status == 403
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert b"run `sidekick open` for a new one" in page.body
    assert b"<script" not in page.body
    assert "set-cookie" not in page.headers

    told = browser.ask("GET", link)

    assert (told.status, told.reason) == (403, "LinkInvalid")


def test_a_link_works_once_though_the_controller_starts_again() -> None:
    """Which links were taken is not kept; so none is taken that is older than the server."""
    now = 1_000_000.5
    link = sign_link(TOKEN, now)
    assert Visits(TOKEN, lambda: now).begin(link)
    later = Visits(TOKEN, lambda: now + 5)
    assert not later.begin(link)
    assert later.begin(sign_link(TOKEN, now + 5))


def test_a_link_is_no_cookie() -> None:
    """What is signed for one thing is worth nothing for another."""
    visits = Visits(TOKEN, time.time)
    link = sign_link(TOKEN, time.time())
    cookie = visits.begin(link)
    assert visits.knows(cookie)
    assert not visits.knows(link)
    assert not visits.begin(cookie)
    assert not Visits("y" * 40, time.time).knows(cookie)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": "Alpha"},
        {"name": "Alpha", "order": "explode"},
        {"name": "a\x00", "order": "pause"},
    ],
)
def test_forms_that_make_no_sense(world: World, browser: Client, fields: dict[str, str]) -> None:
    """They are refused with a page that says why."""
    reply = send(browser, "/page/order", visit(browser), **fields)
    assert reply.status == 400
    assert "It was not done" in reply.body.decode()
    assert world.orders == []


@pytest.fixture
def closed() -> Iterator[tuple[World, Client]]:
    """A server where reading needs the token, too."""
    world = World()
    with world.serving(open_reading=False) as server:
        yield world, Client(int(server.url.rpartition(":")[2]))


def test_off_loopback(closed: tuple[World, Client]) -> None:
    """Only a visitor sees anything."""
    _, browser = closed
    for path in ("/", "/?project=Alpha", "/page/board", "/page/project?name=Alpha"):
        reply = browser.get(path)
        assert reply.status == 401
        assert "Alpha" not in reply.body.decode()
    cookie = visit(browser)
    assert "Alpha" in browser.get("/", Cookie=cookie).body.decode()


def test_rows_as_they_change(world: World, server: Server) -> None:
    """Only the row that changed is sent; a page that shows the present is sent nothing of it."""
    before = draw(REPORT, [], healthy=True)
    done = replace(ALPHA, status="Completed", reason="Done")
    after = draw(
        replace(REPORT, at=REPORT.at + timedelta(seconds=1), projects=(done, *REPORT.projects[1:])),
        [], healthy=True,
    )  # fmt: skip
    assert before.since(before) == []
    head, needs, rows = after.since(before)
    assert 'id="head"' in head
    assert 'id="needs"' in needs
    assert rows.count("<tr") == 1
    assert "Completed" in rows


def test_a_page_hears_that_the_server_lives(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing changes it is sent a beat, which a script can see as it sees no comment."""
    monkeypatch.setattr(follow, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr("controller.server.page.routes.BOARD_SECONDS", 0.05)
    with urllib.request.urlopen(f"{server.url}/page/board", timeout=10) as stream:
        assert any(line == b"event: beat\n" for line in itertools.islice(stream, 10_000))


def read_plan(url: str) -> None:
    """Follow the board until its plan came."""
    with urllib.request.urlopen(f"{url}/page/board", timeout=10) as stream:
        assert any(b'id="plan"' in line for line in stream)


def test_all_boards_share_one_plan() -> None:
    """It costs the loop a look at everything; whoever asks meanwhile waits for the same one."""
    world = World()
    world.gate.clear()
    with world.serving() as server, ThreadPoolExecutor() as pool:
        boards = [pool.submit(read_plan, server.url) for _ in range(4)]
        assert world.waiting.wait(10)
        world.gate.set()
        for board in boards:
            board.result(10)
        read_plan(server.url)
        assert world.orders == [("plan",)]
        world.happens(entry(1))
        read_plan(server.url)
        assert world.orders == [("plan",), ("plan",)]


def test_a_plan_that_failed_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The board is shown without it meanwhile."""
    monkeypatch.setattr("controller.server.page.routes.BOARD_SECONDS", 0.05)
    world = World(failure=TransientError("LoopBusy", "no time"))
    with world.serving() as server, ThreadPoolExecutor() as pool:
        board = pool.submit(read_plan, server.url)
        wait_for("several questions", lambda: len(world.orders) > 2)
        assert not board.done()
        world.failure = None
        board.result(10)


def test_a_board_that_is_closed_takes_the_plan_from_no_other() -> None:
    """Whoever asked first may leave while the loop is busy."""
    world = World()
    world.gate.clear()

    async def look() -> str:
        lane = Lane(1, 1, 10.0)
        plans = Plans(Site(world, lane, lane, lane, Pulse(world.revision), dict))
        first, other = (asyncio.create_task(plans.plan(world.number)) for _ in range(2))
        assert await asyncio.to_thread(world.waiting.wait, 10)
        first.cancel()
        await asyncio.wait([first])
        world.gate.set()
        return await asyncio.wait_for(other, 10)

    assert 'id="plan"' in asyncio.run(look())
    assert world.orders == [("plan",)]
