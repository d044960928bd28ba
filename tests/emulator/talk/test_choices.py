"""What the options of ``talk`` come to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import EmulatorError
from providers.emulator.platform.words import Words
from providers.emulator.talk.callers import Floor, RecordedCaller, SpokenLines
from providers.emulator.talk.choices import talk_request
from providers.emulator.talk.session import TalkRequest

NONE: dict[str, Any] = dict.fromkeys(
    "caller_wav first_message system_prompt assistant model_url model model_key out json_file url voice transcriber"
    " endpointing server_url".split()
)


def chosen(**options: Any) -> TalkRequest:
    flags = {"lines": ("Hello.",), "replies": (), "mic": False, "typed": False, "quiet": False, "rate": 16000}
    return talk_request({**NONE, **flags, **options}, SentCredentials(), is_terminal=True)


def test_without_a_model_the_assistant_repeats_what_it_understood() -> None:
    wanted = chosen()
    assert wanted.assistant.model.provider == "echo"
    assert wanted.assistant.first_message == "Hello! Say something, and I will repeat what I understood."
    assert wanted.needs_own
    assert isinstance(wanted.caller(Floor(greets=True)), SpokenLines)


def test_replies_or_an_address_are_the_model() -> None:
    assert chosen(replies=("Yes.",)).words.replies == ("Yes.",)
    wanted = chosen(model_url="http://127.0.0.1:11434/v1", model="llama", system_prompt="Be brief.")
    assert (wanted.assistant.model.url, wanted.assistant.model.model) == ("http://127.0.0.1:11434/v1", "llama")
    assert wanted.assistant.first_message == "Hello! How can I help you?"
    assert wanted.assistant.model.messages == ({"role": "system", "content": "Be brief."},)


def test_two_named_endpoints_need_no_server_of_our_own() -> None:
    named = {"voice": "http://127.0.0.1:9/tts", "transcriber": "ws://127.0.0.1:9/stt"}
    assert not chosen(**named).needs_own
    assert chosen(voice=named["voice"]).needs_own


def test_an_assistant_of_a_file_keeps_its_own_first_message(tmp_path: Path) -> None:
    file = tmp_path / "assistant.json"
    file.write_text(
        '{"firstMessage": "Desk here.", "model": {"provider": "custom-llm", "url": "https://m.example/v1"}}'
    )
    wanted = chosen(assistant=file)
    assert wanted.assistant.first_message == "Desk here."
    assert wanted.assistant.model.url == "https://m.example/v1"
    assert wanted.words == Words()


def test_a_recording_speaks(tmp_path: Path) -> None:
    from providers.emulator.wav import write_wav

    write_wav(tmp_path / "x.wav", bytes(3200), 16000)
    wanted = chosen(lines=(), caller_wav=tmp_path / "x.wav")
    assert isinstance(wanted.caller(Floor(greets=False)), RecordedCaller)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mic": True}, "expected one of --say, --caller-wav, --mic and --type"),
        ({"model_url": "http://127.0.0.1/v1", "replies": ("Yes.",)}, "expected --model-url or --reply, found both"),
        ({"model_url": "ftp://x"}, "--model-url: expected https:// or http://"),
        (
            {"model_url": "http://models.example/v1", "model_key": "k"},
            "--model-url: expected https:// beyond this machine",
        ),
        ({"server_url": "x"}, "--server-url: expected https:// or http://"),
        ({"transcriber": "http://127.0.0.1/stt"}, "--transcriber-url: expected wss:// or ws://"),
    ],
)
def test_a_fault_names_its_option(options: dict[str, Any], message: str) -> None:
    with pytest.raises(EmulatorError, match=message):
        chosen(**options)


def test_credentials_need_an_address_to_go_to() -> None:
    flags = {"lines": ("Hello.",), "replies": (), "mic": False, "typed": False, "quiet": False, "rate": 16000}
    with pytest.raises(EmulatorError, match="credentials go to the addresses that are named"):
        talk_request({**NONE, **flags}, SentCredentials(bearer="x"), is_terminal=True)


def test_a_vendors_model_needs_an_address(tmp_path: Path) -> None:
    file = tmp_path / "assistant.json"
    file.write_text('{"model": {"provider": "openai", "model": "gpt-4o"}}')
    with pytest.raises(EmulatorError, match="its model is at openai: expected --model-url"):
        chosen(assistant=file)
    assert chosen(assistant=file, replies=("Yes.",)).assistant.model.provider == "scripted"
