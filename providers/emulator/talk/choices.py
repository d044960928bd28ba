"""What the options of ``talk`` come to: endpoints, assistant, model and caller."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from providers.emulator.audio_device import has_microphone
from providers.emulator.connection import is_loopback
from providers.emulator.conversation.assistant import Assistant, Model, Server
from providers.emulator.conversation.text.formatting import check_format_plan
from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import EmulatorError
from providers.emulator.platform.words import Words
from providers.emulator.talk.assistants import playable, read_assistant, usual_assistant, with_words
from providers.emulator.talk.callers import Floor, MicrophoneCaller, RecordedCaller, SpokenLines
from providers.emulator.talk.lines import given_lines, typed_lines
from providers.emulator.talk.session import MakeCaller, TalkRequest
from providers.emulator.targets import Targets, chosen_targets, endpoint_address

_GREETING = "Hello! How can I help you?"
_ECHO_GREETING = "Hello! Say something, and I will repeat what I understood."

Options = dict[str, Any]


def talk_request(options: Options, credentials: SentCredentials, *, is_terminal: bool) -> TalkRequest:
    """The conversation that the options ask for.

    Raises
    ------
    EmulatorError
        Names the option at fault.
    """
    assistant = read_assistant(options["assistant"]) if options["assistant"] else usual_assistant()
    model, words = _model(options, assistant)
    first = options["first_message"]
    if first is None and options["assistant"] is None:
        first = _ECHO_GREETING if model.provider == "echo" else _GREETING
    assistant = with_words(assistant, model, first_message=first, system_prompt=options["system_prompt"])
    if options["server_url"] is not None:
        endpoint_address("--server-url", options["server_url"], socket=False)
        assistant = msgspec.structs.replace(assistant, server=Server(url=options["server_url"]))
    check_format_plan(assistant.voice.chunk_plan.format_plan)
    caller, hint, typed = _caller(options, is_terminal=is_terminal)
    targets, needs_own = _targets(options, credentials)
    return TalkRequest(
        targets,
        needs_own,
        assistant,
        words,
        caller,
        options["rate"],
        hint,
        plays=not options["quiet"],
        shows_partials=not typed,
        out=options["out"],
        json_file=options["json_file"],
        server_url=options["server_url"],
    )


def _targets(options: Options, credentials: SentCredentials) -> tuple[Targets, bool]:
    """The endpoints that are named, and whether a server of our own has to fill in."""
    named = {name: options[name] for name in ("voice", "transcriber", "endpointing")}
    if options["url"] is not None:
        return chosen_targets(options["url"], credentials, **named), False
    if credentials and not any(named.values()) and options["server_url"] is None:
        raise EmulatorError(
            "credentials go to the addresses that are named: expected --url, an endpoint's address or --server-url"
        )
    for name, url in named.items():
        if url is not None:
            endpoint_address(f"--{name}-url", url, socket=name == "transcriber")
    return Targets(**named, credentials=credentials), not (named["voice"] and named["transcriber"])


def _model(options: Options, assistant: Assistant) -> tuple[Model, Words]:
    """The assistant's model, and what the command line has for it."""
    written, url, key = assistant.model, options["model_url"], options["model_key"]
    if url and options["replies"]:
        raise EmulatorError("expected --model-url or --reply, found both")
    if options["replies"]:
        return msgspec.structs.replace(written, provider="scripted", url=None), Words(replies=options["replies"])
    if url is not None:
        endpoint_address("--model-url", url, socket=False)
        if key and urlsplit(url).scheme == "http" and not is_loopback(url):
            raise EmulatorError(
                "--model-url: expected https:// beyond this machine, or the key could be read on the way"
            )
        name = options["model"] or written.model
        return msgspec.structs.replace(written, provider="custom-llm", url=url, model=name), Words(url, key)
    if options["assistant"] is not None and not playable(written):
        raise EmulatorError(
            f"--assistant: its model is at {written.provider}: expected --model-url with an OpenAI-compatible server,"
            " or --reply with the words of the assistant"
        )
    return (written if written.url else msgspec.structs.replace(written, provider="echo")), Words()


def _caller(options: Options, *, is_terminal: bool) -> tuple[MakeCaller, str, bool]:
    """Who speaks, what the person can do, and whether the person types."""
    lines, wav, rate = options["lines"], options["caller_wav"], options["rate"]
    if sum((bool(lines), wav is not None, options["mic"], options["typed"])) > 1:
        raise EmulatorError("expected one of --say, --caller-wav, --mic and --type, found more")
    if options["mic"] and not has_microphone():
        raise EmulatorError(
            "--mic: expected a microphone on this machine, and the package sounddevice with PortAudio; found neither or"
            " only one of them (--type and --say need no microphone)"
        )
    if lines:
        return (lambda floor: SpokenLines(given_lines(lines), rate, floor)), "The caller speaks by script.", False
    if wav is not None:
        return _recorded(wav, rate), "The caller is a recording.", False
    if not is_terminal and not options["mic"]:
        descriptor = sys.stdin.fileno()
        return (
            (lambda floor: SpokenLines(typed_lines(descriptor), rate, floor)),
            "The caller speaks line by line.",
            False,
        )
    if options["mic"] or (not options["typed"] and has_microphone()):
        return (lambda floor: MicrophoneCaller(rate)), "Speak; Ctrl-C hangs up.", False
    descriptor = sys.stdin.fileno()
    hint = "Type a line and press Enter: it is spoken to the assistant. Ctrl-D hangs up."
    return (lambda floor: SpokenLines(typed_lines(descriptor), rate)), hint, True


def _recorded(file: Path, rate: int) -> MakeCaller:
    def made(floor: Floor) -> RecordedCaller:
        return RecordedCaller(file, rate, floor)

    return made
