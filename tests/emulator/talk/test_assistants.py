"""The assistant of a conversation."""

from __future__ import annotations

from pathlib import Path

import pytest

from providers.emulator.conversation.assistant import Assistant, Model
from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import EmulatorError
from providers.emulator.talk.assistants import playable, read_assistant, servers_of, with_servers, with_words
from providers.emulator.targets import targets_at


def test_an_assistant_of_the_platform_is_read_with_fields_that_are_not_played(tmp_path: Path) -> None:
    file = tmp_path / "assistant.json"
    file.write_text('{"id": "x", "name": "Desk", "firstMessage": "Hi", "stopSpeakingPlan": {"numWords": 2}}')
    assistant = read_assistant(file)
    assert (assistant.name, assistant.first_message, assistant.stop_speaking_plan.num_words) == ("Desk", "Hi", 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"stopSpeakingPlan": {"numWords": 99}}', r"`int` <= 10 - at `\$.stopSpeakingPlan.numWords`"),
        ("{", "truncated"),
    ],
)
def test_a_fault_in_an_assistant_names_its_field(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "assistant.json"
    file.write_text(text)
    with pytest.raises(EmulatorError, match=f"--assistant: .*{message}"):
        read_assistant(file)
    with pytest.raises(EmulatorError, match="No such file"):
        read_assistant(tmp_path / "other.json")


def test_words_of_the_command_line_go_before_those_of_the_file() -> None:
    written = Assistant(
        first_message="Hi",
        model=Model(messages=({"role": "system", "content": "old"}, {"role": "user", "content": "u"})),
    )
    told = with_words(written, written.model, first_message="Hello", system_prompt="new")
    assert told.first_message == "Hello"
    assert told.model.messages == ({"role": "system", "content": "new"}, {"role": "user", "content": "u"})
    assert with_words(written, written.model, first_message=None, system_prompt=None) == written


def test_an_empty_first_message_lets_the_caller_begin() -> None:
    told = with_words(Assistant(first_message="Hi"), Model(), first_message="", system_prompt=None)
    assert (told.first_message, told.first_message_mode) == (None, "assistant-waits-for-user")


def test_the_endpoints_of_a_server_become_the_assistants() -> None:
    servers = servers_of(targets_at("http://127.0.0.1:1", SentCredentials(secret="sixteen-letters-")))
    assistant = with_servers(Assistant(), servers)
    assert assistant.voice.server is not None
    assert assistant.voice.server.url == "http://127.0.0.1:1/api/custom-voice"
    assert assistant.transcriber.server is not None
    assert assistant.transcriber.server.secret == "sixteen-letters-"
    smart = assistant.start_speaking_plan.smart_endpointing_plan
    assert smart is not None
    assert smart.provider == "custom-endpointing-model"


def test_without_an_endpointing_server_the_transcription_plan_decides() -> None:
    servers = servers_of(targets_at("http://127.0.0.1:1", SentCredentials()))
    del servers["endpointing"]
    assert with_servers(Assistant(), servers).start_speaking_plan.smart_endpointing_plan is None


def test_a_model_of_a_vendor_needs_an_address() -> None:
    assert not playable(Model(provider="openai", model="gpt-4o"))
    assert not playable(Model(provider="custom-llm"))
    assert playable(Model(provider="custom-llm", url="http://127.0.0.1:1/v1"))
