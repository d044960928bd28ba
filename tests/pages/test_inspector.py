"""The inspector in a real Chromium: list, one call, live events, keyboard, saved file, accessibility."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import SECRET, Live, serving
from tests.pages import made_call
from tests.pages.browser import CHROMIUM, Page, browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian's package chromium)")

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
COMPUTE_AXE = (
    "axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations"
    ".filter((one) => ['serious', 'critical'].includes(one.impact))"
    ".map((one) => one.id + ': ' + one.nodes.map((node) => node.html).join(' | ')))"
)


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with serving() as running:
        made_call.finished(running.endpoints.calls)
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.fixture
def page(chromium: Page, live: Live) -> Iterator[Page]:
    """The page with a token, before any choice; its console has to stay clean."""
    chromium.complaints.clear()
    chromium.resize(1280)
    chromium.open("about:blank")
    chromium.open(f"{live.base}/#token={SECRET}")
    chromium.until("document.querySelector('.calls a') !== null")
    yield chromium
    assert chromium.complaints == []


@pytest.fixture
def call(page: Page) -> Page:
    """The page with the finished call."""
    page.evaluate("document.querySelector('.calls li:last-child a').click()")
    page.until("document.querySelectorAll('.mark').length > 20")
    return page


def mark(page: Page, kind: str) -> str:
    return str(page.evaluate(f"document.querySelector('.mark-{kind}').getAttribute('aria-label')"))


def test_the_token_leaves_the_address_at_once(page: Page) -> None:
    assert SECRET not in page.evaluate("location.href")
    assert SECRET not in page.evaluate("document.documentElement.outerHTML")


def test_without_a_token_the_page_asks_for_one(chromium: Page, live: Live) -> None:
    chromium.open("about:blank")
    chromium.open(f"{live.base}/#token=wrong")
    chromium.until("document.querySelector('form.ask input') !== null")
    chromium.evaluate(f"document.querySelector('form.ask input').value = {json.dumps(SECRET)}")
    chromium.click("Open")
    chromium.until("document.querySelector('.calls a') !== null")
    assert all("401" in complaint for complaint in chromium.complaints), "the refusal is all that the console tells"


def test_a_call_shows_a_mark_for_each_event_and_a_bar_for_each_turn(call: Page) -> None:
    shown = call.evaluate("[...document.querySelectorAll('.mark')].map((one) => one.className.split(' ')[1])")
    rows = made_call.GREETING + made_call.FIRST + made_call.SECOND + made_call.ENDING
    assert sorted(shown) == sorted(f"mark-{row[1]}" for row in rows if not row[1].startswith("speech"))
    assert call.evaluate("document.querySelectorAll('.lane-customer .speech').length") == 2
    assert call.evaluate("document.querySelectorAll('.lane-assistant .speech').length") == 3
    assert call.evaluate("document.querySelectorAll('.delay').length") == 2
    assert "the final had no closing mark (endpointing 1.5 s)" in call.text
    assert mark(call, "endpointing") == "7.20 s: endpointing wait 1.50 s (no punctuation)"


def test_marks_stand_where_their_times_are(call: Page) -> None:
    left = "parseFloat(document.querySelector('.mark-%s').style.left)"
    scale = call.evaluate("document.querySelector('call-timeline').shownScale")
    assert call.evaluate(left % "endpointing") == pytest.approx(7.2 * scale, abs=0.5)
    assert call.evaluate(left % "interrupted") == pytest.approx(12.05 * scale, abs=0.5)
    call.click("+")
    call.until(f"{left % 'interrupted'} > {12.05 * scale * 1.5}")


def test_a_click_on_a_mark_shows_its_event_as_json(call: Page) -> None:
    call.evaluate("document.querySelector('.mark-endpointing').click()")
    found = json.loads(call.evaluate("document.querySelector('event-detail pre').textContent"))
    assert found == {"at": 7.2, "kind": "endpointing", "audio": 7.2, "seconds": 1.5, "detail": "no punctuation"}


def test_the_keyboard_walks_from_event_to_event(call: Page) -> None:
    call.evaluate("document.querySelector('.scroller').focus()")
    for key in ("Tab", "Home", "ArrowRight", "ArrowRight", "ArrowRight"):
        call.press(key)
    assert "voice request" in call.evaluate("document.activeElement.getAttribute('aria-label')")
    call.press("Enter")
    call.until("document.querySelector('event-detail pre')?.textContent.includes('voice-asked')")
    call.press("End")
    assert "socket closed" in call.evaluate("document.activeElement.getAttribute('aria-label')")


def test_a_live_call_is_followed_partial_before_final(page: Page, live: Live) -> None:
    record, begun = made_call.begin(live.endpoints.calls, made_call.GREETING)
    try:
        page.until("document.querySelector('.calls .badge.live') !== null")
        page.evaluate("document.querySelector('.calls a').click()")
        page.until("document.querySelectorAll('.mark').length === 7")
        made_call.note(record, begun, made_call.FIRST[:4])
        page.until("document.querySelector('.hearing')?.innerText.includes('a table for two')")
        assert page.evaluate("document.querySelectorAll('.mark-final').length") == 0
        made_call.note(record, begun, made_call.FIRST[4:9])
        page.until("document.querySelector('.hearing') === null && document.querySelector('.mark-final') !== null")
        page.until("document.querySelector('.lines').innerText.includes('book a table for two')")
        page.until("document.querySelectorAll('.delay').length === 1")
    finally:
        record.has_socket = False
        live.endpoints.calls.table.finish(record)
        made_call.note(record, begun, made_call.ENDING)
    page.until("document.querySelector('.call-title .badge').textContent === 'finished'")


def test_the_curl_line_reads_the_call(call: Page, live: Live) -> None:
    call.send("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    call.send("Page.bringToFront")
    call.click("Copy as curl")
    call.until("document.querySelector('.toast.shown') !== null")
    line = call.evaluate("navigator.clipboard.readText()")
    assert SECRET not in line
    if (bash := shutil.which("bash")) is None or shutil.which("curl") is None:
        pytest.skip("needs bash and curl")
    done = subprocess.run([bash, "-c", line], env={"VAPI_SECRET": SECRET}, capture_output=True, timeout=20, check=False)
    assert json.loads(done.stdout)["call_id"] == made_call.CALL_ID, done.stderr


def test_the_saved_file_shows_the_call_without_a_server(call: Page, tmp_path: Path) -> None:
    call.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    call.click("Download as HTML")
    call.until("document.querySelector('.toast.shown')?.textContent === 'Saved as one file.'")
    file = landed(call, tmp_path)
    assert not re.search(r'(src|href)="(?!#)', file.read_text())
    call.open(file.as_uri())
    call.until("document.querySelectorAll('.mark').length > 20")
    call.evaluate("document.querySelector('.mark-endpointing').click()")
    call.until("document.querySelector('event-detail pre').textContent.includes('no punctuation')")
    assert "the final had no closing mark" in call.text


def landed(page: Page, folder: Path) -> Path:
    """The file that the browser has written, once it is whole."""
    for _ in range(200):
        if found := list(folder.glob("*.html")):
            return found[0]
        page.evaluate("new Promise((done) => setTimeout(done, 25))")
    raise AssertionError("no file came")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_scrolls_sideways(call: Page, width: int) -> None:
    call.resize(width)
    call.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert call.scrolls_sideways() == []


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core (npm install --no-save axe-core)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(call: Page, scheme: str) -> None:
    call.prefer(scheme)
    call.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    call.evaluate("document.querySelector('.mark-final').click()")
    call.evaluate(AXE.read_text())
    found: Any = call.evaluate(COMPUTE_AXE)
    assert found == []
