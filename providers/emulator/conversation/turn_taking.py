"""Turn taking: what the caller says, when the caller has finished, when the assistant is interrupted."""

from __future__ import annotations

from providers.emulator.conversation.commands import AskEndpointing
from providers.emulator.conversation.context import CallerInterrupted, Context, TurnEnded
from providers.emulator.conversation.endpointing import Wait, start_wait
from providers.emulator.conversation.hearing import Hearing
from providers.emulator.conversation.interruption import InterruptionRule, Verdict

_ENDPOINT = "endpoint"
_VOICE = "voice activity"


class TurnTaking:
    """Start and stop speaking plan of one call."""

    def __init__(self, context: Context) -> None:
        self.hearing = Hearing()
        self.speaking = False
        """What the platform's voice detector says of the caller."""
        self.over: Wait | None = None
        """Set where the caller finished while the assistant could not answer."""
        self._context = context
        self._interruption = InterruptionRule(context.assistant.stop_speaking_plan)
        self._since = 0.0
        self._asked: int | None = None
        self._asked_text = ""
        self._asked_at = 0.0
        self._requests = 0

    @property
    def waiting(self) -> bool:
        """True while the end of the caller's turn is awaited."""
        return _ENDPOINT in self._context.timers or self._asked is not None

    # The start speaking plan.

    def wait(self, assistant: str) -> None:
        """A transcript came: start to wait for the end of the turn anew."""
        text, plan = self.hearing.text, self._context.assistant.start_speaking_plan
        self.over = None
        wait, ask = start_wait(plan, caller=text, assistant=assistant)
        if not ask:
            self._asked = None
            self._arm(wait, self._context.now)
            return
        if self._context.behaviour.late_endpointing == "plan":
            self._arm(wait, self._context.now)
        else:
            self._context.timers.cancel(_ENDPOINT)
        if text != self._asked_text or self._context.behaviour.repeated_partial_asks or self._asked is None:
            self._ask(text)

    def answered(self, request: int, seconds: float | None) -> None:
        """The endpointing server's answer; one to an earlier transcript, or after the turn's end, is late."""
        late = request != self._asked
        self._context.note("endpointing-answered", request=request, seconds=seconds, late=late)
        if late:
            return
        self._asked = None
        if seconds is None or not 0 <= seconds <= 15:
            if _ENDPOINT not in self._context.timers:
                plan = self._context.assistant.start_speaking_plan
                wait, _ = start_wait(plan, caller=self.hearing.text, assistant="")
                self._arm(wait, self._context.now)
            return
        counted = self._context.behaviour.endpointing_from
        self._arm(
            Wait(seconds, "custom-endpointing-model"), self._context.now if counted == "answer" else self._asked_at
        )

    def forget(self) -> None:
        """Stop waiting for the end of a turn."""
        self._asked = None
        self.over = None
        self._context.timers.cancel(_ENDPOINT)

    def take(self) -> str:
        """The caller's words, for a turn that ends now."""
        self.forget()
        return self.hearing.take()

    def _ask(self, text: str) -> None:
        context = self._context
        self._asked, self._asked_text, self._asked_at = self._requests, text, context.now
        self._requests += 1
        messages = [message for message in context.history.openai() if message["role"] in ("user", "assistant")]
        if context.behaviour.running_utterance_in_messages:
            if messages and messages[-1]["role"] == "user":
                messages[-1] = {"role": "user", "content": f"{messages[-1]['content']} {text}"}
            else:
                messages.append({"role": "user", "content": text})
        context.note("endpointing-asked", request=self._asked, text=text)
        context.do(AskEndpointing(self._asked, tuple(messages)))

    def _arm(self, wait: Wait, begin: float) -> None:
        context = self._context
        context.note("endpointing", seconds=wait.seconds, reason=wait.reason, text=self.hearing.text)
        at = max(context.now, begin + wait.seconds)
        context.timers.set(_ENDPOINT, at, lambda: self._fire(wait))

    def _fire(self, wait: Wait) -> None:
        self._asked = None
        self.over = wait
        self._context.happen(TurnEnded(wait.reason))

    # The stop speaking plan.

    def verdict(self) -> Verdict:
        """What the words of the running turn mean for an assistant that is heard."""
        return self._interruption.verdict(self.hearing.text)

    def voice(self, *, speaking: bool, heard: bool) -> None:
        """The voice detector changed its mind; ``heard``: an assistant that can be interrupted is heard."""
        self.speaking, self._since = speaking, self._context.now
        if not speaking:
            self._context.timers.cancel(_VOICE)
        elif heard:
            self.listen_for_voice()

    def listen_for_voice(self) -> None:
        """Interrupt the assistant once the caller's voice has lasted, counted from now."""
        plan = self._context.assistant.stop_speaking_plan
        if self.speaking and plan.num_words == 0:
            self._context.timers.set(_VOICE, self._context.now + plan.voice_seconds, self._lasted)

    def ignore_voice(self) -> None:
        """The assistant fell silent: nothing is left to interrupt."""
        self._context.timers.cancel(_VOICE)

    def _lasted(self) -> None:
        if self.verdict() != "acknowledged":
            self._context.happen(CallerInterrupted("voice"))
