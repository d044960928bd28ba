"""Rules V1 … V8: what the voice endpoint's audio is."""

from __future__ import annotations

from collections.abc import AsyncIterator

from providers.emulator.check.probe import RATE, Probe
from providers.emulator.check.response_faults import container, fault_of, status_line
from providers.emulator.check.rule import CheckRule, Verdict, advice, verdict
from providers.emulator.check.voice_probes import (
    SAME_END,
    ends_apart,
    format_fault,
    lasting,
    long_answer,
    need_audio,
    need_pcm,
    need_speech,
    speech_of_answer,
)
from providers.emulator.sound import decoded, noise_share

_RATES = (8000, 16000, 22050, 44100)
"""Hz that the platform documents, beside the one all other probes use."""
_OTHER_RATES = (32000, 48000)
"""Hz that the platform does not document; a server may refuse them."""
_REPEATED = 2
"""Further answers at one rate, which tell how much this voice varies by itself."""
_VARIES = 1.5
"""How much further apart than those an answer at another rate may be."""
_SCRIPTS = {
    "Devanagari": "नमस्ते, आप कैसे हैं?",
    "Arabic": "مرحبا، كيف حالك اليوم؟",
    "Hebrew": "שלום, מה שלומך היום?",
    "Thai": "สวัสดีครับ คุณสบายดีไหม",
    "Cyrillic": "Здравствуйте, как дела?",
    "Chinese": "你好,今天怎么样?",
    "Greek": "Καλημέρα, τι κάνετε;",
}
_DIGITS = "42 07 19"
_MISALIGNED = 0.4
"""Share of loud blocks that sound like noise; sibilants make up a fifth of speech at most."""
_COMPLETE = 0.8
"""Share of the expected duration that a long text must last; all sentences hold the same words."""


async def _every_rate(probe: Probe) -> Verdict:
    first = await need_pcm(probe)
    again = [await probe.say(probe.texts.short()) for _ in range(_REPEATED)]
    usual = [lasting(response, RATE) for response in (first, *again)]
    expected = sum(usual) / len(usual)
    room = max(probe.limits.same_length * expected, _VARIES * (max(usual) - min(usual)))
    wrong = []
    for rate in _RATES:
        response = await probe.say(probe.texts.short(), rate)
        fault = fault_of(response)
        if fault:
            return verdict(f"at {rate} Hz: {fault}")
        length = lasting(response, rate)
        if abs(length - expected) > room:
            wrong.append(f"{rate} Hz lasts {length:.3f} s")
    shown = f"{expected:.3f} s at {RATE} Hz"
    fault = f"{', '.join(wrong)}, but {shown}" if wrong else None
    return verdict(fault, f"{shown}, and at {len(_RATES)} others", notes=await _other_rates(probe, expected, room))


async def _other_rates(probe: Probe, expected: float, room: float) -> tuple[str, ...]:
    notes = []
    for rate in _OTHER_RATES:
        response = await probe.say(probe.texts.short(), rate)
        found = fault_of(response)
        if found is None and abs(lasting(response, rate) - expected) > room:
            found = f"lasts {lasting(response, rate):.3f} s"
        if found is not None:
            notes.append(f"{rate} Hz, which the platform does not document: {found}")
    return tuple(notes)


async def _bare_pcm(probe: Probe) -> Verdict:
    response = await need_audio(probe)
    header = container(response.body)
    if header is not None:
        return verdict(f"the body begins with {header} ({response.body[:4]!r})")
    wrong = format_fault(response)
    coded = f"the body is {response.coding} coded; whether the platform decodes that is not documented"
    return verdict(f"the body is {wrong}" if wrong else None, notes=(coded,) if response.coding else ())


async def _whole_samples(probe: Probe) -> Verdict:
    for name, response in (("short", await need_pcm(probe)), ("long", await long_answer(probe))):
        if response.status == 200 and len(response.body) % 2:
            return verdict(f"the {name} answer has {len(response.body)} bytes, half a sample too many")
    return verdict(None)


async def _speech_not_noise(probe: Probe) -> Verdict:
    await need_pcm(probe)
    response = await long_answer(probe)
    fault = fault_of(response)
    if fault:
        return verdict(fault)
    share = noise_share(decoded(response.body), RATE)
    return verdict(
        f"{share:.0%} of the loud parts are noise: samples are cut in half somewhere" if share > _MISALIGNED else None
    )


async def _to_the_end(probe: Probe) -> Verdict:
    await need_speech(probe)
    whole, *ones = await long_answer(probe), await need_pcm(probe), await probe.say(probe.texts.short())
    for response in (whole, *ones):
        fault = fault_of(response)
        if fault:
            return verdict(fault)
    one = sum(speech_of_answer(response).sounding for response in ones) / len(ones)
    lasts = speech_of_answer(whole).sounding
    many = probe.texts.sentences
    shown = f"{lasts:.1f} s of sound for {many} sentences, {one:.1f} s for one alone"
    if lasts < _COMPLETE * many * one:
        return verdict(shown)
    apart = await ends_apart(probe)
    same = f"two texts with other last words end in the same sound, {apart:.1f} dB apart"
    return verdict(same if apart < SAME_END else None, shown)


async def _other_scripts(probe: Probe) -> Verdict:
    await need_audio(probe)
    fault = fault_of(await probe.say(_DIGITS))
    if fault:
        return verdict(f"digits: {fault}")
    wrong = []
    for script, text in _SCRIPTS.items():
        fault = fault_of(await probe.say(text))
        if fault:
            wrong.append(f"{script}: {fault}")
    return advice("; ".join(wrong) or None, ", ".join(_SCRIPTS))


async def _empty_text(probe: Probe) -> Verdict:
    await need_audio(probe)
    for text in ("", " \n"):
        response = await probe.say(text)
        if response.status >= 500 or not response.complete:
            return verdict(f"text {text!r}: {fault_of(response)}")
        if response.status == 200 and len(response.body) % 2:
            return verdict(f"text {text!r}: {len(response.body)} bytes, half a sample too many")
    return verdict(None)


async def _endless(size: int) -> AsyncIterator[bytes]:
    """A request whose padding never ends, up to ``size`` bytes."""
    yield b'{"message":{"type":"voice-request","text":"Hi.","sampleRate":24000,"padding":"'
    block = b"x" * (256 << 10)
    for _ in range(size // len(block)):
        yield block
    yield b'"}}'


async def _no_endless_body(probe: Probe) -> Verdict:
    await need_audio(probe)
    size = probe.limits.flood
    response = await probe.pour("voice", _endless(size))
    fault = None
    if response is not None and response.status < 400:
        fault = f"a body of {size >> 20} MiB was read to its end and answered {status_line(response)}"
    return verdict(fault, f"answered {response.status if response else 'by breaking off'}")


RULES = (
    CheckRule(
        "V1", "voice", "An answer lasts equally long at every sample rate.",
        "At a wrong rate the voice is too high and too fast, or too low and too slow.", _every_rate,
    ),
    CheckRule(
        "V2", "voice", "The body is bare 16-bit mono PCM, without a header.",
        "The platform plays every byte: a header is a click before each sentence, another format is noise.", _bare_pcm,
    ),
    CheckRule(
        "V3", "voice", "A body is whole samples.",
        "Half a sample shifts all that is played after it by a byte: loud noise.", _whole_samples,
    ),
    CheckRule(
        "V4", "voice", "The audio sounds like speech, not like noise.",
        "A byte lost between two chunks turns the rest of the sentence into loud noise in the caller's ear.",
        _speech_not_noise,
    ),
    CheckRule(
        "V5", "voice", "A text is spoken to its end.",
        "The caller hears the first sentence and waits for the rest.", _to_the_end,
    ),
    CheckRule(
        "V6", "voice", "Digits and text in any script are spoken.",
        "A cleaner that keeps A to Z only leaves most of the world's languages silent.", _other_scripts,
    ),
    CheckRule(
        "V7", "voice", "An empty text is no error.",
        "A 5xx makes the platform give up the voice for the rest of the call.", _empty_text,
    ),
    CheckRule(
        "V8", "voice", "A body without end is not read to its end.",
        "One request could take the memory of all calls.", _no_endless_body, last=True,
    ),
)  # fmt: skip
