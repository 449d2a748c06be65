"""The page as a person sees it."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from controller.core.report import AgentView, ProjectView
from controller.server import Server
from controller.visits import sign_link
from tests.e2e.lab import Lab
from tests.server.world import ALPHA, NOW, REPORT, TOKEN, World, entry

pytestmark = pytest.mark.slow
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'"
SERIOUS = {"serious", "critical"}
ROWS = "tbody#rows tr"
UNSEEN = """
    let seen = true;
    Object.defineProperty(document, "hidden", { get: () => !seen });
    window.see = (now) => { seen = now; document.dispatchEvent(new Event("visibilitychange")); };
"""
"""A browser without windows takes every tab for one that is seen."""


@pytest.fixture
def shown() -> Iterator[tuple[World, Server]]:
    """A world, and the server that shows it."""
    world = World()
    with world.serving() as server:
        yield world, server


def change(world: World, *projects: ProjectView) -> None:
    """The projects are others from now on."""
    assert world.known
    world.known = replace(world.known, at=world.known.at + timedelta(seconds=1), projects=projects)
    world.number += 1


def test_it_follows_what_happens(shown: tuple[World, Server], tab: Page) -> None:
    """Rows change, come and go, and events appear, without the page being loaded anew."""
    world, server = shown
    tab.goto(server.url)
    tab.evaluate("window.same = true")
    expect(tab.locator("#plan")).to_contain_text("all slots are in use")
    first, *rest = REPORT.projects
    change(world, replace(first, status="Completed", reason="Done"), *rest)
    expect(tab.locator(ROWS).first).to_contain_text("Completed")
    world.happens(entry(1, "Gamma", "now it happened"))
    expect(tab.locator("#events")).to_contain_text("now it happened")
    change(world, first, *rest, replace(first, name="New one"))
    expect(tab.locator(ROWS)).to_have_count(4)
    change(world, *rest)
    expect(tab.locator(ROWS)).to_have_count(2)
    assert tab.evaluate("window.same")


def test_texts_of_others_are_inert(shown: tuple[World, Server], tab: Page) -> None:
    """Nothing of a row runs, however it comes to the page."""
    world, server = shown
    tab.goto(server.url)
    hostile = replace(ALPHA, name=HOSTILE, next_action=HOSTILE, message=HOSTILE)
    change(world, hostile)
    world.happens(entry(1, HOSTILE, HOSTILE))
    expect(tab.locator("#events")).to_contain_text(HOSTILE)
    expect(tab.locator(ROWS).first).to_contain_text(HOSTILE)
    tab.locator(ROWS).first.get_by_role("link").click()
    expect(tab.locator("h1")).to_have_text(HOSTILE)
    expect(tab.locator("#screen")).to_contain_text("red and <b>plain</b>")
    assert tab.locator("img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_for_everybody(
    shown: tuple[World, Server], tab: Page, scheme: str, width: int
) -> None:
    """Axe finds nothing serious, on a desk and on a phone, where nothing is cut off."""
    world, server = shown
    world.journal = [entry(1)]
    tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # one of two words
    tab.set_viewport_size({"width": width, "height": 800})
    tab.goto(f"{server.url}/open?link={sign_link(TOKEN, time.time())}")
    for path in ("/", "/?project=Alpha"):
        tab.goto(server.url + path)
        found = Axe().run(tab).response["violations"]
        assert [v for v in found if v["impact"] in SERIOUS] == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_by_keyboard(shown: tuple[World, Server], tab: Page) -> None:
    """A slash leads to the search, which leaves what has all its words."""
    _, server = shown
    tab.goto(server.url)
    tab.keyboard.press("/")
    tab.keyboard.type("blocked codex")
    expect(tab.locator(f"{ROWS}:visible")).to_have_count(1)
    expect(tab.locator("#found")).to_have_text("1 found")


def test_a_visitor_answers(shown: tuple[World, Server], tab: Page) -> None:
    """A link lets this browser change things; what was done is told."""
    world, server = shown
    tab.goto(f"{server.url}/?project=Alpha")
    expect(tab.get_by_role("button", name="Pause")).to_have_count(0)
    tab.goto(f"{server.url}/open?link={sign_link(TOKEN, time.time())}")
    change(world, replace(ALPHA, status="Waiting", reason="AgentWaiting"))
    tab.goto(f"{server.url}/?project=Alpha")
    tab.get_by_label("Answer the agent").fill("yes, do it")
    tab.get_by_role("button", name="Answer").click()
    expect(tab.locator("#told")).to_have_text("the agent was answered")
    tab.get_by_role("button", name="Pause").click()
    expect(tab.locator("#told")).to_have_text("it pauses")
    changes = [order for order in world.orders if order != ("plan",)]
    assert changes == [("answer", "Alpha", "yes, do it"), ("pause", "Alpha", "")]


def test_rows_that_vanished_end_by_a_word_said_twice(
    shown: tuple[World, Server], browser: Browser
) -> None:
    """A slip of the thumb ends nothing: the page asks again."""
    world, server = shown
    world.blocks("0123abcd")
    context = browser.new_context(viewport={"width": 390, "height": 800})
    tab = context.new_page()
    tab.goto(f"{server.url}/open?link={sign_link(TOKEN, time.time())}")
    button = tab.get_by_role("button", name="Let them end")
    tab.once("dialog", lambda dialog: dialog.dismiss())
    button.click()
    tab.once("dialog", lambda dialog: dialog.accept())
    button.click()
    expect(tab.locator("#told")).to_have_text("their sessions may end")
    assert [order for order in world.orders if order != ("plan",)] == [
        ("approve_prune", "0123abcd")
    ]
    context.close()


def test_a_link_in_another_sites_page(shown: tuple[World, Server], tab: Page) -> None:
    """Whoever follows the link from a chat or a mailbox in the browser is a visitor at once."""
    _, server = shown
    link = f"{server.url}/open?link={sign_link(TOKEN, time.time())}"
    letter = f'<link rel="icon" href="data:,"><a href="{link}">the page</a>'
    tab.route("http://mail.example/", lambda route: route.fulfill(
        content_type="text/html", body=letter
    ))  # fmt: skip
    tab.goto("http://mail.example/")
    tab.get_by_role("link").click()
    expect(tab.locator("body.visitor")).to_be_visible()
    assert tab.url == f"{server.url}/"


def test_only_what_would_be_taken_is_offered(shown: tuple[World, Server], tab: Page) -> None:
    """An answer to who waits, a resume to who rests; what is being typed stays meanwhile."""
    world, server = shown
    tab.goto(f"{server.url}/open?link={sign_link(TOKEN, time.time())}")
    tab.goto(f"{server.url}/?project=Alpha")
    answer, pause, resume = (
        tab.locator("#answer"),
        tab.get_by_role("button", name="Pause"),
        tab.get_by_role("button", name="Resume"),
    )
    expect(pause).to_be_visible()
    expect(answer).to_be_hidden()
    expect(resume).to_be_hidden()
    change(world, replace(ALPHA, status="Waiting", reason="AgentWaiting"))
    answer.fill("I am")
    change(world, replace(ALPHA, status="Paused", reason="UserPaused"))
    expect(resume).to_be_visible()
    expect(pause).to_be_hidden()
    expect(answer).to_have_value("I am")
    expect(answer).to_be_visible()


def test_a_chip_shows_its_projects_alone(shown: tuple[World, Server], tab: Page) -> None:
    """By keyboard, and through updates; pressed again, it shows all."""
    world, server = shown
    tab.goto(server.url)
    expect(tab).to_have_title("(1) CTO Sidekick")
    chip = tab.get_by_role("button", name="1 Queued")
    chip.focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(f"{ROWS}:visible")).to_have_count(1)
    first, second, third = REPORT.projects
    change(world, first, second, replace(third, message="another word"))
    expect(tab.locator(f"{ROWS}:visible")).to_contain_text("another word")
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(chip).to_be_focused()
    tab.keyboard.press("Enter")
    expect(tab.locator(f"{ROWS}:visible")).to_have_count(3)
    tab.get_by_role("button", name="1 Blocked").click()
    expect(tab.locator(f"{ROWS}:visible")).to_have_count(1)
    change(world, first, third)  # and with its last project the chip goes
    expect(tab.locator(f"{ROWS}:visible")).to_have_count(2)


def test_the_controller_ends_and_comes_back(browser: Browser) -> None:
    """The page tells that it is stale, and an order that it was not done; then it goes on."""
    world = World()
    context = browser.new_context()
    tab = context.new_page()
    with world.serving() as server:
        port = int(server.url.rpartition(":")[2])
        tab.goto(f"{server.url}/open?link={sign_link(TOKEN, time.time())}")
        tab.goto(f"{server.url}/?project=Alpha")
        expect(tab.locator("#live")).to_be_visible()
    expect(tab.locator("#line")).to_contain_text("does not answer")
    expect(tab.locator("#live")).to_be_hidden()
    tab.get_by_role("button", name="Pause").click()
    expect(tab.locator("#told")).to_contain_text("It was not done")
    change(world, replace(ALPHA, status="Completed", reason="Done"))
    again = world.server(port=port)
    again.start()
    try:
        expect(tab.locator("#state")).to_contain_text("Completed")
        expect(tab.locator("#line")).to_be_hidden()
        expect(tab.locator("#live")).to_be_visible()
    finally:
        again.close()
        context.close()


def test_more_tabs_than_a_browser_has_connections(
    shown: tuple[World, Server], browser: Browser
) -> None:
    """A project's tab that nobody sees lets go of its stream, and shows the present when seen."""
    world, server = shown
    context = browser.new_context()
    context.set_default_timeout(20_000)
    context.add_init_script(UNSEEN)
    tabs = [context.new_page() for _ in range(8)]
    for tab in tabs:
        tab.goto(f"{server.url}/?project=Alpha")
        tab.evaluate("see(false)")
    change(world, replace(ALPHA, status="Completed", reason="Done"))
    first = tabs[0]
    expect(first.locator("#state")).to_contain_text("In Progress")
    first.evaluate("see(true)")
    expect(first.locator("#state")).to_contain_text("Completed")
    expect(first.locator("#live")).to_be_visible()
    expect(first.locator("#line")).to_be_hidden()
    change(world, ALPHA)
    expect(first.locator("#state")).to_contain_text("In Progress")
    context.close()


def test_a_tab_that_is_seen_again_while_the_controller_is_away(browser: Browser) -> None:
    """It says so, and since when what it shows is old."""
    world = World()
    context = browser.new_context()
    context.add_init_script(UNSEEN)
    tab = context.new_page()
    with world.serving() as server:
        tab.goto(f"{server.url}/?project=Alpha")
        expect(tab.locator("#live")).to_be_visible()
        tab.evaluate("see(false)")
    tab.evaluate("see(true)")
    expect(tab.locator("#live")).to_be_hidden()
    expect(tab.locator("#line")).to_contain_text("does not answer. What stands here is of")
    context.close()


def test_a_board_that_nobody_sees_counts_on(shown: tuple[World, Server], browser: Browser) -> None:
    """The title of a tab behind others tells how many projects need a person."""
    world, server = shown
    context = browser.new_context()
    context.add_init_script(UNSEEN)
    tab = context.new_page()
    tab.goto(server.url)
    expect(tab).to_have_title("(1) CTO Sidekick")
    tab.evaluate("see(false)")
    change(world, ALPHA, replace(ALPHA, name="Another"))
    expect(tab).to_have_title("(2) CTO Sidekick")
    context.close()


def test_long_words_of_an_agent_that_is_held(shown: tuple[World, Server], tab: Page) -> None:
    """A path without a blank makes the page no wider than the phone."""
    world, server = shown
    assert world.known
    path = "/opt/tools/bin:" * 40
    held = AgentView("claude", 2, 1, held="ProgramMissing", held_message=path)
    source = replace(world.known.source, name=path)
    world.known = replace(world.known, agents=(held,), source=source)
    tab.set_viewport_size({"width": 360, "height": 800})
    tab.goto(server.url)
    expect(tab.locator(".held")).to_contain_text(path)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_screen_is_followed_to_its_end(shown: tuple[World, Server], tab: Page) -> None:
    """Its last lines are seen, unless a person scrolled up to read."""
    world, server = shown
    world.lines = [f"line {number}" for number in range(60)]
    tab.goto(f"{server.url}/?project=Alpha")
    screen = tab.locator("#screen pre")
    hidden = "pre => Math.round(pre.scrollHeight - pre.clientHeight - pre.scrollTop)"
    world.lines = [*world.lines[1:], "the newest"]
    expect(screen).to_contain_text("the newest")
    assert screen.evaluate(hidden) <= 1
    screen.evaluate("pre => { pre.scrollTop = 0 }")
    world.lines = [*world.lines[1:], "still newer"]
    expect(screen).to_contain_text("still newer")
    assert screen.evaluate("pre => pre.scrollTop") == 0


def test_without_scripts(shown: tuple[World, Server], browser: Browser) -> None:
    """All that is known stands there, and what only a script could do does not."""
    _, server = shown
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(server.url)
    expect(tab.locator(ROWS)).to_have_count(3)
    expect(tab.locator("#search")).to_be_hidden()
    expect(tab.locator("noscript p")).to_be_visible()
    tab.goto(f"{server.url}/?project=Alpha")
    expect(tab.locator("#screen")).to_contain_text("last line")
    expect(tab.get_by_role("button")).to_have_count(0)
    context.close()


def test_a_visitor_without_scripts_answers(shown: tuple[World, Server], browser: Browser) -> None:
    """The page's forms are taken as the browser itself sends them, and lead back to the page."""
    world, server = shown
    change(world, replace(ALPHA, status="Waiting", reason="AgentWaiting"))
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{server.url}/open?link={sign_link(TOKEN, time.time())}")
    tab.goto(f"{server.url}/?project=Alpha")
    tab.get_by_label("Answer the agent").fill("yes,\ndo it")
    tab.get_by_role("button", name="Answer").click()
    expect(tab.locator("#state")).to_be_visible()
    tab.get_by_role("button", name="Pause").click()
    expect(tab.locator("#state")).to_be_visible()
    assert tab.url == f"{server.url}/?project=Alpha"
    assert world.orders == [("answer", "Alpha", "yes, do it"), ("pause", "Alpha", "")]
    world.blocks("0123abcd")
    tab.goto(server.url)
    expect(tab.locator("#banners")).to_contain_text("approve-prune --plan 0123abcd")
    expect(tab.get_by_role("button", name="Let them end")).to_be_hidden()  # nothing would ask again
    context.close()


def test_five_hundred_projects(shown: tuple[World, Server], tab: Page) -> None:
    """They are shown, and one change is one row's."""
    world, server = shown
    many = [replace(ALPHA, name=f"Project {number}", since=NOW) for number in range(500)]
    change(world, *many)
    tab.goto(server.url)
    expect(tab.locator(ROWS)).to_have_count(500)
    many[250] = replace(many[250], status="Waiting", reason="Question")
    change(world, *many)
    expect(tab.locator(ROWS).nth(250)).to_contain_text("Question")


def test_the_list_changes(lab: Lab, tab: Page) -> None:
    """A row that is saved is on the board in a moment, and its agent's words on its page."""
    lab.settle_in()
    lab.start()
    tab.goto(lab.url())
    lab.append("Alpha,1,,,,printf '\\033[32mgreen words\\033[m'; sleep 600,,,")
    expect(tab.locator(ROWS).first).to_contain_text("In Progress")
    tab.get_by_role("link", name="Alpha").first.click()
    expect(tab.locator("#screen .f2")).to_have_text("green words")
    link = lab.sidekick("open").stdout.strip()
    tab.goto(link)
    tab.goto(f"{lab.url()}/?project=Alpha")
    tab.get_by_role("button", name="Pause").click()
    lab.wait_status("Alpha", "Paused")
    expect(tab.locator("#state")).to_contain_text("Paused")
