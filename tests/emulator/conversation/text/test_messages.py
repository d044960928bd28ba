"""The choice of messages."""

from __future__ import annotations

import random

import pytest

from providers.emulator.conversation.text.faults import PlanError
from providers.emulator.conversation.text.messages import ModelPrompt, SpokenText, choose, said_by


def test_one_of_several_messages_is_chosen_at_random_and_repeatably() -> None:
    messages = ("Still there?", "Hello?", "I am here.")
    picks = [choose(messages, rng) for rng in [random.Random(5)] for _ in range(50)]
    again = [choose(messages, rng) for rng in [random.Random(5)] for _ in range(50)]
    assert picks == again
    assert set(picks) == set(messages)


def test_no_message_is_none() -> None:
    assert choose((), random.Random(0)) is None


def test_a_say_action_speaks_exact_text_or_asks_the_model() -> None:
    rng = random.Random(0)
    assert said_by({"exact": "Go ahead"}, rng, field="hooks[0]") == SpokenText("Go ahead")
    chosen = said_by({"exact": ["Sorry", "Go on"]}, rng, field="hooks[0]")
    assert chosen in (SpokenText("Sorry"), SpokenText("Go on"))
    asked = said_by({"prompt": "Ask again"}, rng, field="hooks[0]")
    assert asked == ModelPrompt(({"role": "system", "content": "Ask again"},))
    messages = [{"role": "user", "content": "a"}]
    assert said_by({"prompt": messages}, rng, field="hooks[0]") == ModelPrompt(tuple(messages))


@pytest.mark.parametrize("action", [{}, {"exact": 5}, {"exact": []}, {"prompt": ""}, {"prompt": ["text"]}])
def test_a_say_action_without_words_names_its_field(action: dict[str, object]) -> None:
    with pytest.raises(PlanError, match=r"hooks\[2\]\.do\[0\]: expected exact"):
        said_by(action, random.Random(0), field="hooks[2].do[0]")
