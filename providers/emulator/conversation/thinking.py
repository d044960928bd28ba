"""The model's turns: what is asked, what comes back, where it goes."""

from __future__ import annotations

import uuid
from typing import Any

from providers.emulator.conversation.commands import AskModel, CancelModel
from providers.emulator.conversation.context import Context, MustEnd, SpeechOver
from providers.emulator.conversation.speaking import Speaker
from providers.emulator.conversation.tools import Tools
from providers.emulator.conversation.utterance import Utterance


class Thinking:
    """The answers of one call, one at a time."""

    def __init__(self, context: Context, speaker: Speaker, tools: Tools, *, call_id: str) -> None:
        self._context = context
        self._speaker = speaker
        self._tools = tools
        self._call_id = call_id
        self._requests = 0
        self._request: int | None = None
        self._turn_id = ""
        self._utterance: Utterance | None = None
        self._wait = (0.0, 0.0)
        self._first_word = False

    @property
    def pending(self) -> bool:
        """True while the model or a tool is awaited."""
        return self._request is not None or self._tools.running

    @property
    def using_tools(self) -> bool:
        """True while a tool's result is awaited."""
        return self._tools.running

    @property
    def turn_id(self) -> str:
        """Identity of the running or last answer."""
        return self._turn_id

    @property
    def unheard(self) -> bool:
        """True while an answer is on its way of which nothing was heard yet."""
        if self._tools.running:
            return False
        waiting = self._utterance is not None and self._utterance.began is None and not self._utterance.finished
        return waiting or (self._request is not None and self._utterance is None)

    def answer(self, *, after_turn: bool, extra: tuple[dict[str, Any], ...] = ()) -> None:
        """Ask the model for a new answer; ``after_turn``: the caller has just finished. A muted assistant has none."""
        if self._context.muted:
            return
        plan, behaviour = self._context.assistant.start_speaking_plan, self._context.behaviour
        self._turn_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self._call_id}/{self._requests}"))
        self._utterance = None
        self._wait = (0.0, 0.0)
        if after_turn and behaviour.wait_from == "first-audio":
            self._wait = (plan.wait_seconds, 0.0)
        elif after_turn:
            self._wait = (0.0, self._context.now + plan.wait_seconds)
        self._ask(extra)

    def cancel(self) -> None:
        """Drop an answer: the model's words, and what was not heard of them."""
        if self._request is not None:
            self._context.do(CancelModel(self._request))
        self._request = None
        if self._utterance is not None:
            self._speaker.drop(self._utterance)
        self._utterance = None

    def text(self, request: int, delta: str) -> None:
        """A piece of the model's answer came."""
        if request != self._request or not delta:
            return
        if self._first_word:
            self._first_word = False
            self._context.note("model-first-word", request=request)
        self._context.send({"type": "model-output", "output": delta, "turnId": self._turn_id})
        if self._utterance is None:
            wait, not_before = self._wait
            self._utterance = self._speaker.begin("model", self._turn_id, wait=wait, not_before=not_before)
        self._speaker.write(self._utterance, delta)

    def tool_call(self, request: int, tool_call_id: str, name: str, parameters: dict[str, Any]) -> None:
        """The model wants a tool."""
        if request == self._request:
            self._tools.collect(tool_call_id, name, parameters)

    def done(self, request: int, error: str | None) -> None:
        """The model's answer is complete."""
        if request != self._request:
            return
        context = self._context
        self._request = None
        context.note("model-done", request=request, error=error)
        if error is not None:
            context.happen(MustEnd("pipeline-error-custom-llm-llm-failed"))
            return
        utterance = self._utterance
        text = utterance is not None
        if utterance is not None:
            self._speaker.close(utterance)
        called = self._tools.collected
        if called:
            self._tools.run()
            self.go_on()
        elif not text:
            context.happen(SpeechOver("", interrupted=False, end_reason=None))

    def go_on(self) -> None:
        """Ask the model again once all tools have answered."""
        if self._tools.running or self._request is not None or not self._tools.take_wants_answer():
            return
        self._utterance, self._wait = None, (0.0, 0.0)
        self._ask(())

    def _ask(self, extra: tuple[dict[str, Any], ...]) -> None:
        context = self._context
        self._request = self._requests
        self._requests += 1
        self._first_word = True
        context.note("model-asked", request=self._request, turnId=self._turn_id)
        context.do(AskModel(self._request, (*context.history.openai(), *extra)))
