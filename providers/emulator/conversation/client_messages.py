"""What the client of a call may ask for: words, messages, controls, the end."""

from __future__ import annotations

from typing import Any

from providers.emulator.conversation.call_end import CallEnd
from providers.emulator.conversation.context import Context
from providers.emulator.conversation.dialogue import Dialogue
from providers.emulator.conversation.hooks import add_message


class ClientMessages:
    """The messages of one call's client."""

    def __init__(self, context: Context, dialogue: Dialogue, end: CallEnd) -> None:
        self.customer_muted = False
        """True while the caller is not to be understood."""
        self._context = context
        self._dialogue = dialogue
        self._end = end

    def take(self, message: dict[str, Any]) -> None:
        """Do what a message asks for; unknown types are ignored."""
        match message.get("type"):
            case "hangup":
                self._end.now("customer-ended-call")
            case "end-call":
                self._end.begin("assistant-ended-call")
            case "say":
                self._say(message)
            case "add-message":
                self._add(message)
            case "control":
                self._control(str(message.get("control", "")))
            case "transfer":
                destination, content = message.get("destination"), message.get("content")
                if isinstance(destination, dict):
                    self._dialogue.tools.transfer(destination, content if isinstance(content, str) else None)
            case "send-transport-message":
                self._context.note("transport-message", message=message.get("message"))

    def _say(self, message: dict[str, Any]) -> None:
        content = message.get("content")
        if not isinstance(content, str):
            return
        if message.get("interruptAssistantEnabled") is True:
            self._dialogue.silence_assistant()
        reason = "assistant-ended-call-after-message-spoken" if message.get("endCallAfterSpoken") is True else None
        interruptible = message.get("interruptionsEnabled") is not False
        self._dialogue.speaker.say(content, interruptible=interruptible, end_reason=reason)

    def _add(self, message: dict[str, Any]) -> None:
        added = message.get("message")
        if not isinstance(added, dict):
            return
        add_message(self._context, added)
        thinking = self._dialogue.thinking
        if message.get("triggerResponseEnabled") is False:
            return
        if thinking.unheard:
            thinking.cancel()
        if not thinking.pending:
            thinking.answer(after_turn=False)

    def _control(self, control: str) -> None:
        self._context.note("control", control=control)
        match control:
            case "mute-assistant":
                self._context.muted = True
                self._dialogue.silence_assistant()
            case "unmute-assistant":
                self._context.muted = False
            case "mute-customer":
                self.customer_muted = True
                self._dialogue.caller_speech(speaking=False)
            case "unmute-customer":
                self.customer_muted = False
            case "say-first-message":
                self._dialogue.say_first_message()
