"""The choice of a message where a plan has several, and what a hook's action says."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard, TypeVar

from providers.emulator.conversation.text.faults import PlanError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SpokenText:
    """What to say as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class ModelPrompt:
    """What to ask the model for; messages in the OpenAI spelling."""

    messages: tuple[dict[str, Any], ...]


def choose(messages: Sequence[str], rng: random.Random) -> str | None:
    """One of the messages at random; None of none."""
    return rng.choice(messages) if messages else None


def said_by(action: dict[str, Any], rng: random.Random, *, field: str) -> SpokenText | ModelPrompt:
    """What an action ``{"type": "say"}`` of a hook says; ``field`` is its place in the assistant.

    Raises
    ------
    PlanError
        It has neither ``exact`` nor ``prompt``, or one of another type.
    """
    exact, prompt = action.get("exact"), action.get("prompt")
    texts = (exact,) if isinstance(exact, str) else exact if _is_list(exact, str) else ()
    if text := choose(texts, rng):
        return SpokenText(text)
    if isinstance(prompt, str) and prompt:
        return ModelPrompt(({"role": "system", "content": prompt},))
    if _is_list(prompt, dict) and prompt:
        return ModelPrompt(tuple(prompt))
    found = ", ".join(f"{name}: {type(action[name]).__name__}" for name in ("exact", "prompt") if name in action)
    raise PlanError(
        f"{field}: expected exact (text or texts) or prompt (text or messages), not empty; found {found or 'neither'}"
    )


def _is_list(value: object, kind: type[T]) -> TypeGuard[Sequence[T]]:
    return isinstance(value, list | tuple) and all(isinstance(item, kind) for item in value)
