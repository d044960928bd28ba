"""What the options of ``talk`` come to: endpoints, assistant, model and caller."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from providers.emulator.audio_device import has_microphone
from providers.emulator.conversation.assistant import Assistant
from providers.emulator.conversation.ports import ModelPort
from providers.emulator.conversation.text.formatting import check_format_plan
from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import EmulatorError
from providers.emulator.language_models.canned import EchoReplies, ScriptedReplies
from providers.emulator.language_models.chat_completions import ChatCompletions, ChatOptions
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
    model = _model(options, assistant)
    first = options["first_message"]
    if first is None and options["assistant"] is None:
        first = _ECHO_GREETING if isinstance(model, EchoReplies) else _GREETING
    assistant = with_words(assistant, first_message=first, system_prompt=options["system_prompt"])
    check_format_plan(assistant.voice.chunk_plan.format_plan)
    caller, hint, typed = _caller(options, is_terminal=is_terminal)
    targets, needs_own = _targets(options, credentials)
    return TalkRequest(
        targets,
        needs_own,
        assistant,
        model,
        caller,
        options["rate"],
        hint,
        plays=not options["quiet"],
        shows_partials=not typed,
        out=options["out"],
        json_file=options["json_file"],
    )


def _targets(options: Options, credentials: SentCredentials) -> tuple[Targets, bool]:
    """The endpoints that are named, and whether a server of our own has to fill in."""
    named = {name: options[name] for name in ("voice", "transcriber", "endpointing")}
    if options["url"] is not None:
        return chosen_targets(options["url"], credentials, **named), False
    for name, url in named.items():
        if url is not None:
            endpoint_address(f"--{name}-url", url, socket=name == "transcriber")
    return Targets(**named, credentials=credentials), not (named["voice"] and named["transcriber"])


def _model(options: Options, assistant: Assistant) -> ModelPort:
    if options["model_url"] and options["replies"]:
        raise EmulatorError("expected --model-url or --reply, found both")
    if options["replies"]:
        return ScriptedReplies(options["replies"])
    written = assistant.model
    url = options["model_url"] or (written.url if written.provider == "custom-llm" else None)
    if url is not None:
        endpoint_address("--model-url", url, socket=False)
        given = bool(options["model_url"])
        chat = ChatOptions(
            url,
            options["model"] or written.model or "default",
            options["model_key"] if given else None,
            temperature=written.temperature,
            max_tokens=written.max_tokens,
            tools=written.tools,
        )
        return ChatCompletions(chat)
    if options["assistant"] is not None and not playable(written):
        raise EmulatorError(
            f"--assistant: its model is at {written.provider}: expected --model-url with an OpenAI-compatible server,"
            " or --reply with the words of the assistant"
        )
    return EchoReplies("You said: ")


def _caller(options: Options, *, is_terminal: bool) -> tuple[MakeCaller, str, bool]:
    """Who speaks, what the person can do, and whether the person types."""
    lines, wav, rate = options["lines"], options["caller_wav"], options["rate"]
    if sum((bool(lines), wav is not None, options["mic"], options["typed"])) > 1:
        raise EmulatorError("expected one of --say, --caller-wav, --mic and --type, found more")
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
