"""Rules V1 … V8: what the voice endpoint's audio is."""

from __future__ import annotations

from collections.abc import AsyncIterator

from providers.emulator.check.probe import RATE, Probe
from providers.emulator.check.rule import Rule, Verdict, verdict
from providers.emulator.formatting import seconds
from providers.emulator.http_client import RecordedResponse
from providers.emulator.sound import decoded, first_audible, noise_share

SHORT = "Your table is booked for seven."
_RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
_SENTENCES = tuple(f"Point number {number} is that the kitchen stays open late." for number in
                   ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"))  # fmt: skip
LONG = " ".join(_SENTENCES)
_HEADERS = {
    b"RIFF": "a WAV header",
    b"ID3": "an MP3 tag",
    b"OggS": "an Ogg header",
    b"fLaC": "a FLAC header",
    b"\x1aE\xdf\xa3": "a WebM header",
    b'{"': "JSON",
    b"<!": "HTML",
    b"<h": "HTML",
}
_SCRIPTS = {
    "Devanagari": "नमस्ते, आप कैसे हैं?",
    "Arabic": "مرحبا، كيف حالك اليوم؟",
    "Hebrew": "שלום, מה שלומך היום?",
    "Thai": "สวัสดีครับ คุณสบายดีไหม",
    "Cyrillic": "Здравствуйте, как дела?",
    "Chinese": "你好,今天怎么样?",
    "Greek": "Καλημέρα, τι κάνετε;",
    "digits": "42 07 19",
}
_MISALIGNED = 0.5
"""Share of loud blocks that sound like noise; sibilants make up a fifth of speech at most."""
_COMPLETE = 0.6
"""Share of the expected duration that a long text must last; reading speed varies with the sentence by a quarter."""


async def short_answer(probe: Probe) -> RecordedResponse:
    """The answer to the short text, asked for once."""
    return await probe.once("short", lambda: probe.say(SHORT))


async def long_answer(probe: Probe) -> RecordedResponse:
    """The answer to ten sentences, asked for once."""
    return await probe.once("long", lambda: probe.say(LONG))


def fault_of(answer: RecordedResponse) -> str | None:
    """Why an answer is no speech at all; None when it is."""
    if answer.status != 200:
        return f"HTTP {answer.status} instead of audio"
    if not answer.complete:
        return f"the body broke off after {len(answer.body)} bytes"
    if first_audible(decoded(answer.body)) is None:
        return f"200 with {len(answer.body)} bytes and nothing audible in them"
    return None


def _lasting(answer: RecordedResponse, rate: int) -> float:
    """Seconds of sound, the header of a WAV file not counted: that is another rule's business."""
    header = 44 if answer.body[:4] == b"RIFF" else 0
    return (len(answer.body) - header) / 2 / rate


async def _every_rate(probe: Probe) -> Verdict:
    lengths: dict[int, float] = {}
    for rate in _RATES:
        answer = await short_answer(probe) if rate == RATE else await probe.say(SHORT, rate)
        fault = fault_of(answer)
        if fault:
            return verdict(f"at {rate} Hz: {fault}")
        lengths[rate] = _lasting(answer, rate)
    again = _lasting(await probe.say(SHORT), RATE)
    expected = lengths[RATE]
    scatter = abs(again - expected)  # an engine that never says a thing twice alike gets that much more room
    room = probe.limits.same_length * expected + scatter
    wrong = [f"{rate} Hz lasts {length:.3f} s" for rate, length in lengths.items() if abs(length - expected) > room]
    shown = f"{expected:.3f} s at {RATE} Hz"
    return verdict(f"{', '.join(wrong)}, but {shown}" if wrong else None, f"{shown}, and at {len(_RATES) - 1} others")


async def _no_header(probe: Probe) -> Verdict:
    answer = await short_answer(probe)
    if answer.status != 200:
        return verdict(fault_of(answer))
    found = next((what for magic, what in _HEADERS.items() if answer.body.startswith(magic)), None)
    return verdict(f"the body begins with {found} ({answer.body[:4]!r})" if found else None)


async def _whole_samples(probe: Probe) -> Verdict:
    for name, answer in (("short", await short_answer(probe)), ("long", await long_answer(probe))):
        if len(answer.body) % 2:
            return verdict(f"the {name} answer has {len(answer.body)} bytes, half a sample too many")
    return verdict(None)


async def _speech_not_noise(probe: Probe) -> Verdict:
    answer = await long_answer(probe)
    share = noise_share(decoded(answer.body), RATE)
    fault = (
        f"{share:.0%} of the loud parts are noise: samples are cut in half somewhere" if share > _MISALIGNED else None
    )
    return verdict(fault)


async def _long_text(probe: Probe) -> Verdict:
    whole, one = await long_answer(probe), await probe.say(_SENTENCES[0])
    for answer in (whole, one):
        fault = fault_of(answer)
        if fault:
            return verdict(fault)
    expected = _lasting(one, RATE) * len(_SENTENCES)
    lasts = _lasting(whole, RATE)
    shown = f"{lasts:.1f} s for {len(_SENTENCES)} sentences, {expected / len(_SENTENCES):.1f} s for the first alone"
    return verdict(shown if lasts < _COMPLETE * expected else None, shown)


async def _other_scripts(probe: Probe) -> Verdict:
    wrong = []
    for script, text in _SCRIPTS.items():
        fault = fault_of(await probe.say(text))
        if fault:
            wrong.append(f"{script}: {fault}")
    return verdict("; ".join(wrong) or None, ", ".join(_SCRIPTS))


async def _empty_text(probe: Probe) -> Verdict:
    for text in ("", " \n"):
        answer = await probe.say(text)
        if answer.status >= 500 or not answer.complete:
            return verdict(f"text {text!r}: {fault_of(answer)}")
        if answer.status == 200 and len(answer.body) % 2:
            return verdict(f"text {text!r}: {len(answer.body)} bytes, half a sample too many")
    return verdict(None)


async def _endless(size: int) -> AsyncIterator[bytes]:
    """A request whose padding never ends, up to ``size`` bytes."""
    yield b'{"message":{"type":"voice-request","text":"Hi.","sampleRate":24000,"padding":"'
    block = b"x" * (256 << 10)
    for _ in range(size // len(block)):
        yield block
    yield b'"}}'


async def _no_endless_body(probe: Probe) -> Verdict:
    size = probe.limits.flood
    status = await probe.pour("voice", _endless(size))
    fault = f"a body of {size >> 20} MiB was read to its end and answered {status}"
    return verdict(fault if status is not None and status < 400 else None, f"answered {status or 'by breaking off'}")


def first_byte(answer: RecordedResponse) -> str:
    """When an answer began, for evidence."""
    return f"first byte after {seconds(answer.first_byte)}"


RULES = (
    Rule(
        "V1", "voice", "An answer lasts equally long at every sample rate.",
        "At a wrong rate the voice is too high and too fast, or too low and too slow.", _every_rate,
    ),
    Rule(
        "V2", "voice", "The body is bare PCM, without a header.",
        "The platform plays every byte: a header is a click before each sentence, a coded format is noise.", _no_header,
    ),
    Rule(
        "V3", "voice", "A body is whole samples.",
        "Half a sample shifts all that is played after it by a byte: loud noise.", _whole_samples,
    ),
    Rule(
        "V4", "voice", "The audio sounds like speech, not like noise.",
        "A byte lost between two chunks turns the rest of the sentence into loud noise in the caller's ear.",
        _speech_not_noise,
    ),
    Rule(
        "V5", "voice", "A long text is spoken to its end.",
        "The caller hears the first sentence and waits for the rest.", _long_text,
    ),
    Rule(
        "V6", "voice", "Text in any script is spoken.",
        "A cleaner that keeps A to Z only leaves most of the world's languages silent.", _other_scripts,
    ),
    Rule(
        "V7", "voice", "An empty text is no error.",
        "A 5xx makes the platform give up the voice for the rest of the call.", _empty_text,
    ),
    Rule(
        "V8", "voice", "A body without end is not read to its end.",
        "One request could take the memory of all calls.", _no_endless_body, last=True,
    ),
)  # fmt: skip
