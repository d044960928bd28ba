"""The playground in a real Chromium: a fake microphone, the embedded engines, what is seen and heard of one call."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from providers.service import Service
from tests.live import SECRET, serving, settings
from tests.pages.browser import CHROMIUM, Page, browser

pytest.importorskip("espeakng_loader", reason="needs the extra local")
pytest.importorskip("pocketsphinx", reason="needs the extra local")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian's package chromium)"),
    pytest.mark.timeout(120),
]

LINE = "I would like to book a table for two."
LONG_GREETING = (
    "Welcome to the Blue Door, the oldest restaurant of this town, which has been open every day but one since it was "
    "founded. Our kitchen serves fish on Fridays, soup on every other day, and a cake that people travel for."
)
WATCH = """
(() => {
  const seen = window.seen = {partials: [], finals: [], loud: [], states: [], at: () => performance.now() / 1000};
  const view = document.querySelector('play-view');
  view.call.addEventListener('event', ({detail}) => {
    if (detail.kind === 'transcript') seen[detail.detail.final ? 'finals' : 'partials'].push(detail.detail.text);
    seen.states.push([seen.at(), detail.kind]);
  });
  view.call.sound.addEventListener('played', ({detail}) => seen.loud.push([seen.at(), detail.loudest, detail.dropped]));
})()
"""


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip that speaks after two and a half seconds, and is silent from then on."""
    from tests.espeak_speech import espeak

    spoken = espeak().render(LINE, "en-us+klatt4")
    path = tmp_path_factory.mktemp("microphone") / "caller.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(spoken.rate)
        file.writeframes(bytes(5 * spoken.rate) + spoken.pcm + bytes(2 * 60 * spoken.rate))
    return path


@pytest.fixture(scope="module")
def page(microphone: Path) -> Iterator[Page]:
    """The playground after one call, in which the caller interrupted the greeting and was answered."""
    chosen = settings(voice="espeak", transcriber="pocketsphinx")
    flags = (
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}%noloop", "--autoplay-policy=no-user-gesture-required",
    )  # fmt: skip
    with serving(chosen=chosen, app=Service.of(chosen).app) as live, browser(*flags) as shown:
        shown.resize(1280)
        shown.open(f"{live.base}/#token={SECRET}&go=play")
        shown.until("document.querySelector('play-form textarea[name=firstMessage]') !== null")
        shown.evaluate(f"document.querySelector('[name=firstMessage]').value = {LONG_GREETING!r}")
        shown.click("Call")
        shown.evaluate(WATCH)
        shown.until("seen.finals.length > 0 && seen.states.filter(([, kind]) => kind === 'speech-started').length > 1")
        shown.until("document.querySelectorAll('.delay').length > 0")
        shown.click("Hang up")
        shown.until("document.querySelector('.call-title .badge')?.textContent === 'finished'")
        yield shown
        assert shown.complaints == []


def seen(page: Page, name: str) -> Any:
    return page.evaluate(f"seen.{name}")


def test_words_appear_as_partials_and_then_as_a_final(page: Page) -> None:
    assert seen(page, "partials")
    assert "table" in " ".join(seen(page, "finals")).lower()
    kinds = page.evaluate("[...document.querySelectorAll('.lane-words .mark')].map((one) => one.className)")
    assert "mark-partial" in kinds[0]
    assert any("mark-final" in kind for kind in kinds)


def test_the_assistant_falls_silent_at_once_when_the_caller_speaks(page: Page) -> None:
    interrupted = next(at for at, kind in seen(page, "states") if kind == "interrupted")
    loud: list[tuple[float, float, int]] = seen(page, "loud")
    assert max(peak for at, peak, _ in loud if at < interrupted) > 0.05
    # The report under way at that moment still tells of the sound before it.
    silence = [peak for at, peak, _ in loud if interrupted + 0.25 < at < interrupted + 0.9]
    assert silence
    assert max(silence) < 0.001
    assert page.evaluate("document.querySelectorAll('.mark-interrupted').length") >= 1


def test_each_turn_has_its_marks_its_bar_and_its_sentence(page: Page) -> None:
    marks = page.evaluate("[...document.querySelectorAll('.mark')].map((one) => one.className.split(' ')[1])")
    assert {"mark-endpointing", "mark-voice-asked", "mark-first-audio", "mark-final"} <= set(marks)
    assert "The caller waited" in page.text
    assert page.evaluate("document.querySelectorAll('canvas.wave').length") >= 2


def test_a_mark_shows_what_went_over_the_wire(page: Page) -> None:
    page.evaluate("document.querySelector('.mark-final').click()")
    shown = page.evaluate(
        "[...document.querySelectorAll('event-detail pre')].map((one) => JSON.parse(one.textContent))"
    )
    assert shown[0]["kind"] == "final"
    assert shown[1]["type"] == "transcriber-response"
    assert shown[1]["transcription"] == shown[0]["text"]


def test_both_sides_can_be_heard_again(page: Page) -> None:
    page.until("document.querySelector('call-sound audio')?.duration > 3")
    page.evaluate("(() => { document.querySelector('call-sound audio').currentTime = 2; })()")
    page.until("!document.querySelector('.cursor').hidden")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_scrolls_sideways(page: Page, width: int) -> None:
    page.resize(width)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.scrolls_sideways() == []


def test_axe_finds_no_serious_fault(page: Page) -> None:
    from tests.pages.test_inspector import AXE, COMPUTE_AXE

    if not AXE.exists():
        pytest.skip("needs axe-core (npm install --no-save axe-core)")
    page.evaluate(AXE.read_text())
    assert page.evaluate(COMPUTE_AXE) == []
