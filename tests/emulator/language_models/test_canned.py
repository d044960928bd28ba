"""Models without a model."""

from __future__ import annotations

import asyncio
from typing import Any

from providers.emulator.conversation.ports import ModelPort
from providers.emulator.language_models.canned import EchoReplies, ScriptedReplies, last_words


def answered(model: ModelPort, messages: list[dict[str, Any]]) -> list[object]:
    async def collect() -> list[object]:
        return [piece async for piece in model.answer(messages)]

    return asyncio.run(collect())


def test_scripted_replies_come_in_turn_and_begin_again() -> None:
    model = ScriptedReplies(("One.", "Two."))
    assert [answered(model, []) for _ in range(3)] == [["One."], ["Two."], ["One."]]
    assert answered(ScriptedReplies(()), []) == []


def test_the_echo_says_all_that_the_caller_said_since_the_assistant_spoke() -> None:
    messages = [
        {"role": "user", "content": "Earlier."},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "I would like"},
        {"role": "user", "content": "a table."},
    ]
    assert last_words(messages) == "I would like a table."
    assert answered(EchoReplies("You said: "), messages) == ["You said: I would like a table."]


def test_the_echo_of_nothing_is_nothing() -> None:
    assert answered(EchoReplies("You said: "), [{"role": "system", "content": "Be brief."}]) == []
