"""The dialogue of a call: the caller's turns, the assistant's answers, and what each does to the other."""

from __future__ import annotations

from providers.emulator.conversation.context import Context
from providers.emulator.conversation.history import Message
from providers.emulator.conversation.hooks import Hooks, check_hooks
from providers.emulator.conversation.silence import Silence
from providers.emulator.conversation.speaking import Speaker
from providers.emulator.conversation.text.formatting import check_format_plan
from providers.emulator.conversation.thinking import Thinking
from providers.emulator.conversation.tools import Tools
from providers.emulator.conversation.turn_taking import TurnTaking

_HANG = "hang"


class Dialogue:
    """Who speaks when, in one call."""

    def __init__(self, context: Context, *, call_id: str) -> None:
        self.speaker = Speaker(context)
        self.tools = Tools(context, self.speaker)
        self.thinking = Thinking(context, self.speaker, self.tools, call_id=call_id)
        self.turns = TurnTaking(context)
        self.hooks = Hooks(context, self.speaker, self.thinking, self.tools, seed=call_id)
        self.silence = Silence(context, self.speaker, self.hooks)
        self._said: Message | None = None
        """The caller's last turn."""
        self._context = context

    def check(self) -> None:
        """Read everything of the assistant's plans that only the call would show to be wrong.

        Raises
        ------
        PlanError
            A field cannot be used, or a package for it is missing.
        """
        assistant = self._context.assistant
        check_format_plan(assistant.voice.chunk_plan.format_plan)
        check_hooks(self._context)
        plan = assistant.message_plan
        texts = {
            "firstMessage": assistant.first_message,
            "messagePlan.silenceTimeoutMessage": plan.silence_timeout_message,
            "endCallMessage": assistant.end_call_message,
            **{f"messagePlan.idleMessages[{index}]": text for index, text in enumerate(plan.idle_messages)},
        }
        for field, text in texts.items():
            self._context.rendered(text or "", field=field)
        for index, message in enumerate(assistant.model.messages):
            self._context.rendered(str(message.get("content") or ""), field=f"model.messages[{index}].content")

    def begin(self) -> None:
        """The call is in progress: the assistant speaks first, or waits."""
        context = self._context
        for message in context.assistant.model.messages:
            if message.get("role") == "system" and isinstance(message.get("content"), str):
                context.history.add("system", context.rendered(message["content"]), at=context.now)
        self.silence.begin()
        mode = context.assistant.first_message_mode
        if mode == "assistant-speaks-first-with-model-generated-message":
            self.thinking.answer(after_turn=False)
        elif mode == "assistant-speaks-first":
            self.say_first_message()

    def say_first_message(self) -> None:
        """Say the assistant's first message."""
        assistant = self._context.assistant
        if assistant.first_message:
            interruptible = assistant.first_message_interruptions_enabled
            self.speaker.say(self._context.rendered(assistant.first_message), interruptible=interruptible)

    # The caller.

    def caller_speech(self, *, speaking: bool) -> None:
        """The platform's voice detector changed its mind."""
        context = self._context
        if speaking == self.turns.speaking:
            return
        context.note("caller-speech", speaking=speaking)
        turn = context.turn_of("user") if speaking else context.turn
        status = "started" if speaking else "stopped"
        context.send({"type": "speech-update", "status": status, "role": "user", "turn": turn})
        self.turns.voice(speaking=speaking, heard=self._interruptible)

    def transcript(self, text: str, *, final: bool) -> None:
        """Words of the caller came."""
        context, text = self._context, text.strip()
        if not text:
            return
        context.note("transcript", text=text, final=final)
        kind = "final" if final else "partial"
        context.send({"type": "transcript", "role": "user", "transcriptType": kind, "transcript": text})
        self.silence.caller_understood()
        hearing = self.turns.hearing
        if self.thinking.unheard and hearing.brings_more(text):
            self._cancel_answer()
        if not hearing.hear(text, context.now, final=final):
            self._correct()
            return
        if self.speaker.heard and self._goes_on(final=final):
            return
        self.turns.wait(context.history.last("assistant"))

    def _cancel_answer(self) -> None:
        """The caller goes on before the assistant is heard: the turn had not ended."""
        context, said = self._context, self._said
        context.note("answer-cancelled", turnId=self.thinking.turn_id)
        context.timers.cancel(_HANG)
        self.thinking.cancel()
        if said is not None and context.history.take_back(said):
            self.turns.hearing.restore()
        self._said = None

    def _correct(self) -> None:
        """Spell the last turn's words as the final does that came after it."""
        said, text = self._said, self.turns.hearing.last_text
        if said is not None and text and said.text != text:
            said.text = text
            self._context.conversation_update()

    def _goes_on(self, *, final: bool) -> bool:
        """Whether the assistant that is heard ignores the caller; interrupts it otherwise, where it may be."""
        verdict = self.turns.verdict()
        if verdict == "acknowledged":
            if final:
                self._acknowledged()
            return True
        if self._interruptible and verdict != "too-few":
            self.interrupt(verdict)
        return False

    def _acknowledged(self) -> None:
        """The caller agreed while the assistant spoke: it is said, and asks for no answer."""
        context, text = self._context, self.turns.take()
        self._said = None
        context.note("acknowledged", text=text)
        context.history.add("user", text, at=context.now)
        context.conversation_update()

    def turn_ended(self, reason: str) -> None:
        """The caller has finished: the model answers, unless the assistant is still heard or at work."""
        context = self._context
        if self.speaker.heard or self.thinking.using_tools:
            return
        began = self.turns.hearing.began
        text = self.turns.take()
        if not text:
            return
        at = context.now if began is None else began
        self._said = context.history.add("user", text, at=at, end=context.now)
        context.note("turn-ended", turn=context.turn_of("user"), text=text, reason=reason)
        context.conversation_update()
        self.thinking.answer(after_turn=True)
        if context.behaviour.hang_seconds and not context.muted:
            context.timers.set(_HANG, context.now + context.behaviour.hang_seconds, self._hang)

    # The assistant.

    @property
    def _interruptible(self) -> bool:
        current = self.speaker.current
        return self.speaker.heard and current is not None and current.interruptible

    def speech_began(self) -> None:
        """The assistant is heard."""
        self._context.timers.cancel(_HANG)
        if self.turns.speaking and self._interruptible:
            self.hooks.fire("customer.speech.interrupted")
            self.turns.listen_for_voice()

    def interrupt(self, reason: str) -> None:
        """The caller silences the assistant."""
        if not self._interruptible:
            return
        context, plan = self._context, self._context.assistant.stop_speaking_plan
        current = self.speaker.current
        turn_id = current.turn_id if current is not None else ""
        heard = self.speaker.heard_text()
        context.note("interrupted", reason=reason, text=heard, seconds=plan.backoff_seconds)
        context.send({"type": "user-interrupted"} | ({"turnId": turn_id} if turn_id else {}))
        self.speaker.playout.block(context.now + plan.backoff_seconds)
        self.speaker.stop()
        self.thinking.cancel()
        self.hooks.fire("assistant.speech.interrupted")

    def silence_assistant(self) -> None:
        """Stop all that the assistant says or is about to say."""
        self.speaker.stop()
        self.thinking.cancel()

    def speech_over(self, *, interrupted: bool) -> None:
        """The assistant has finished, or was cut: a caller who finished meanwhile is answered now."""
        self.turns.ignore_voice()
        if interrupted or self.speaker.busy:
            return
        if self.turns.over is not None:
            self.turn_ended(self.turns.over.reason)
        elif self.turns.hearing.text and not self.turns.waiting:
            self.turns.wait(self._context.history.last("assistant"))

    def follow_silence(self, *, ending: bool) -> None:
        """Let the timers of silence run or stop, as the call is now."""
        at_work = self.speaker.busy or self.thinking.pending or self.turns.waiting or ending
        idle = not at_work and not self.turns.speaking and not self._context.muted
        self.silence.update(quiet=not at_work, idle=idle)

    def _hang(self) -> None:
        self._context.note("hang")
        self._context.send({"type": "hang"})
        self.hooks.fire("model.response.timeout")
