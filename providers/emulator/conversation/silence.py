"""Nobody speaks: idle messages, hooks on silence and on the clock, the ends by silence and by length."""

from __future__ import annotations

import re
from collections.abc import Callable

from providers.emulator.conversation.assistant import Hook
from providers.emulator.conversation.context import Context, MustEnd
from providers.emulator.conversation.hooks import Hooks
from providers.emulator.conversation.speaking import Speaker

_SILENCE, _IDLE, _LENGTH = "silence", "idle", "length"
_TIMEOUT_HOOK = re.compile(r"customer\.speech\.timeout(?:\[\w+=([0-9.]+)\])?")
_DEFAULT_TIMEOUT = 7.5
"""Seconds: published for ``customer.speech.timeout``."""


class Silence:
    """The timers of one call that run while nothing is said."""

    def __init__(self, context: Context, speaker: Speaker, hooks: Hooks) -> None:
        self._context = context
        self._speaker = speaker
        self._hooks = hooks
        self._idle_count = 0
        self._hook_counts: dict[int, int] = {}
        self._quiet = False
        self._idle = False
        self._timeout_hooks = [
            (index, hook, seconds)
            for index, hook in enumerate(context.assistant.hooks)
            if (seconds := _timeout(hook)) is not None
        ]

    def begin(self) -> None:
        """The call is in progress."""
        context = self._context
        context.timers.set(_LENGTH, context.now + context.assistant.max_duration_seconds, self._too_long)
        for index, hook in enumerate(context.assistant.hooks):
            if hook.on == "call.timeElapsed" and hook.options.seconds is not None:
                at = context.now + hook.options.seconds
                context.timers.set(f"elapsed {index}", at, self._runner(hook))

    def update(self, *, quiet: bool, idle: bool) -> None:
        """Follow the call: ``quiet`` while nobody is understood, ``idle`` while nobody makes a sound either."""
        context = self._context
        if quiet and not self._quiet:
            context.timers.set(_SILENCE, context.now + context.assistant.silence_timeout_seconds, self._timed_out)
        elif not quiet:
            context.timers.cancel(_SILENCE)
        if idle and not self._idle:
            self._wait_idle()
        elif not idle:
            for name in (_IDLE, *(f"speech timeout {index}" for index, _, _ in self._timeout_hooks)):
                context.timers.cancel(name)
        self._quiet, self._idle = quiet, idle

    def caller_understood(self) -> None:
        """Words of the caller came."""
        if self._context.assistant.message_plan.idle_message_reset_count_on_user_speech_enabled:
            self._idle_count = 0
        for index, hook, _ in self._timeout_hooks:
            if hook.options.trigger_reset_mode == "onUserSpeech":
                self._hook_counts.pop(index, None)
        self._quiet = self._idle = False

    def _wait_idle(self) -> None:
        context, plan = self._context, self._context.assistant.message_plan
        if plan.idle_messages and self._idle_count < plan.idle_message_max_spoken_count:
            context.timers.set(_IDLE, context.now + plan.idle_timeout_seconds, self._say_idle)
        for index, hook, seconds in self._timeout_hooks:
            if self._hook_counts.get(index, 0) < hook.options.trigger_max_count:
                name = f"speech timeout {index}"
                context.timers.set(name, context.now + seconds, self._counted(index, hook))

    def _say_idle(self) -> None:
        plan = self._context.assistant.message_plan
        text = self._context.rendered(plan.idle_messages[self._idle_count % len(plan.idle_messages)])
        self._idle_count += 1
        self._context.note("idle-message", text=text, count=self._idle_count)
        self._speaker.say(text)

    def _counted(self, index: int, hook: Hook) -> Callable[[], None]:
        def run() -> None:
            self._hook_counts[index] = self._hook_counts.get(index, 0) + 1
            self._hooks.run(hook)

        return run

    def _runner(self, hook: Hook) -> Callable[[], None]:
        return lambda: self._hooks.run(hook)

    def _timed_out(self) -> None:
        message = self._context.assistant.message_plan.silence_timeout_message
        if message:
            said = self._context.rendered(message)
            self._speaker.say(said, interruptible=False, end_reason="silence-timed-out")
        else:
            self._context.happen(MustEnd("silence-timed-out"))

    def _too_long(self) -> None:
        self._context.happen(MustEnd("exceeded-max-duration"))


def _timeout(hook: Hook) -> float | None:
    """Seconds of a ``customer.speech.timeout`` hook; None of another."""
    found = _TIMEOUT_HOOK.fullmatch(hook.on)
    if found is None:
        return None
    return float(found[1]) if found[1] else hook.options.timeout_seconds or _DEFAULT_TIMEOUT
