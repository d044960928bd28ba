"""Hooks of the assistant: actions on events of the call."""

from __future__ import annotations

import random
from typing import Any

from providers.emulator.conversation.assistant import Hook, HookAction, HookFilter
from providers.emulator.conversation.context import Context
from providers.emulator.conversation.history import Role
from providers.emulator.conversation.speaking import Speaker
from providers.emulator.conversation.text.messages import ModelPrompt, SpokenText, said_by
from providers.emulator.conversation.thinking import Thinking
from providers.emulator.conversation.tools import Tools


class Hooks:
    """The hooks of one call."""

    def __init__(self, context: Context, speaker: Speaker, thinking: Thinking, tools: Tools, *, seed: str) -> None:
        self._context = context
        self._speaker = speaker
        self._thinking = thinking
        self._tools = tools
        self._dice = random.Random(seed)
        self._calls = 0

    def fire(self, event: str) -> None:
        """Run all hooks on an event."""
        for hook in self._context.assistant.hooks:
            if hook.on == event:
                self.run(hook)

    def run(self, hook: Hook) -> None:
        """Do what a hook says."""
        self._context.note("hook", on=hook.on, name=hook.name)
        for action in hook.do:
            self._act(action, end_reason=None)

    def end(self, reason: str, *, audible: bool) -> str | None:
        """Run the hooks on the call's end; returns the reason with which it ends later, or None: it ends now.

        ``audible``: the caller is there and a voice is left.
        """
        later: str | None = None
        for hook in self._context.assistant.hooks:
            if hook.on != "call.ending" or not all(_passes(wanted, reason) for wanted in hook.filters):
                continue
            self._context.note("hook", on=hook.on, name=hook.name)
            for action in hook.do:
                later = self._last(action, audible=audible) or later
        return later

    def _last(self, action: HookAction, *, audible: bool) -> str | None:
        """Do an action at the call's end; returns the new reason where it puts the end off."""
        is_transfer = action.type == "tool" and (action.tool or {}).get("type") == "transferCall"
        if action.type == "say" and audible:
            reason = "call.ending.hook-executed-say"
            self._act(action, end_reason=reason)
            return reason
        if is_transfer and audible:
            destinations = (action.tool or {}).get("destinations") or [{}]
            self._tools.destination = destinations[0]
            self._context.note("transfer", destination=destinations[0])
            return "call.ending.hook-executed-transfer"
        if action.type != "say" and not is_transfer:
            self._act(action, end_reason=None, answering=False)
        return None

    def _act(self, action: HookAction, *, end_reason: str | None, answering: bool = True) -> None:
        if action.type == "say":
            self._say(action, end_reason)
        elif action.type == "tool" and action.tool is not None:
            self._calls += 1
            self._tools.run_now(f"hook-{self._calls}", action.tool)
        elif action.type == "message.add" and action.message is not None:
            add_message(self._context, action.message)
            if answering and action.trigger_response_enabled and not self._thinking.pending:
                self._thinking.answer(after_turn=False)

    def _say(self, action: HookAction, end_reason: str | None) -> None:
        said = _said(action, self._dice, "say")
        if isinstance(said, SpokenText):
            self._speaker.say(self._context.rendered(said.text), end_reason=end_reason)
        elif not self._thinking.pending:
            self._thinking.answer(after_turn=False, extra=said.messages)


def add_message(context: Context, message: dict[str, Any]) -> None:
    """Add a message in the OpenAI spelling to the history; unknown roles count as the system's."""
    role, content = message.get("role"), message.get("content")
    known: Role = role if role in ("user", "assistant", "tool") else "system"
    context.history.add(known, content if isinstance(content, str) else "", at=context.now)
    context.conversation_update()


def check_hooks(context: Context) -> None:
    """Read what only an event would show to be wrong.

    Raises
    ------
    PlanError
        A hook says nothing, or a text of it is no template.
    """
    for index, hook in enumerate(context.assistant.hooks):
        for place, action in enumerate(hook.do):
            if action.type == "say":
                field = f"hooks[{index}].do[{place}]"
                said = _said(action, random.Random(0), field)
                if isinstance(said, SpokenText):
                    context.rendered(said.text, field=field)


def _said(action: HookAction, dice: random.Random, field: str) -> SpokenText | ModelPrompt:
    given = {"exact": action.exact, "prompt": action.prompt}
    return said_by({name: value for name, value in given.items() if value is not None}, dice, field=field)


def _passes(wanted: HookFilter, reason: str) -> bool:
    """Whether a filter lets a reason pass; ``pipeline-error`` stands for all that begin with it."""
    if wanted.key != "call.endedReason":
        return False
    return any(reason == value or (value == "pipeline-error" and value in reason) for value in wanted.one_of)
