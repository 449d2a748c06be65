"""Make docs/page-*.png: run the example, with a few rows more, and look at it in Chromium.

uv run python docs/screens.py
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from picture import ROOT, SIDEKICK, example
from playwright.sync_api import Browser, StorageState, expect, sync_playwright

ASKS = "Pipecat Voice"
MORE = """\
Herbarium OCR,5,Pending,,,"Train on the scanned labels",2027-03-15,Yes,GPT-5
Tide Gauge,first,Pending,,,"Fit the harmonic model to the new readings",2027-02-20,No,Opus
"""
"""A row that finds no GPU, and one with a mistake."""
SECONDS = 120
PROGRAM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "google-chrome"
Lit = tuple[int, int, str]
"""Width and height in CSS pixels, and light or dark."""
DESK: Lit = (1200, 1200, "light")
NIGHT: Lit = (1200, 620, "dark")
PHONE: Lit = (390, 800, "light")


def main() -> None:
    """Run, wait until an agent waits for a person, take the pictures."""
    folder, environment = example(work=75)
    with (folder / "desired" / "priorities.csv").open("a", encoding="utf-8") as file:
        file.write(MORE)
    environment |= {"SIDEKICK_SERVER_PORT": "0"}

    def sidekick(*words: str) -> str:
        done = subprocess.run(
            [SIDEKICK, *words], env=environment, cwd=folder, capture_output=True, text=True,
            check=False, timeout=60,
        )  # fmt: skip
        return done.stdout if done.returncode == 0 else ""

    controller = subprocess.Popen(
        [SIDEKICK, "run", "--plain"], env=environment, cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait(lambda: "Waiting" in sidekick("get", ASKS))
        link = sidekick("open").strip()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=PROGRAM, args=["--no-sandbox", "--font-render-hinting=none"]
            )
            take(browser, link)
            browser.close()
        controller.terminate()
        controller.wait(timeout=10)
        sidekick("stop", "--all")
    finally:
        controller.kill()
        subprocess.run(["tmux", "-S", folder / "s", "kill-server"], check=False, timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


def wait(look: Callable[[], bool]) -> None:
    """Wait until a look is true."""
    deadline = time.monotonic() + SECONDS
    while not look():
        if time.monotonic() > deadline:
            sys.exit("the example did not come so far")
        time.sleep(0.5)


def take(browser: Browser, link: str) -> None:
    """The board, a project's page by night, and the board on a phone."""
    site = link.partition("/open")[0]
    context = browser.new_context()
    context.new_page().goto(link)
    visit = context.storage_state()
    project = f"{site}/?project={ASKS.replace(' ', '%20')}"
    picture(browser, visit, site, DESK, "board", upto="table")
    picture(browser, visit, project, NIGHT, "project")
    picture(browser, visit, site, PHONE, "phone")


def picture(
    browser: Browser, visit: StorageState, url: str, lit: Lit, name: str, *, upto: str = ""
) -> None:
    """One picture of what fits on a screen, or of all down to the end of an element."""
    width, height, scheme = lit
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, storage_state=visit
    )
    tab = context.new_page()
    tab.goto(url)
    expect(tab.locator("#live")).to_be_visible()
    expect(tab.get_by_text("…", exact=True)).to_have_count(0)  # the plan came, and the colours
    box = tab.locator(upto).bounding_box() if upto else None
    if box:
        height = int(box["y"] + box["height"])
    clip = {"x": 0, "y": 0, "width": width, "height": height}
    tab.screenshot(path=Path(ROOT, "docs", f"page-{name}.png"), clip=clip)
    context.close()


if __name__ == "__main__":
    main()
