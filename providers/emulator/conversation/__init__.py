"""A whole conversation as the platform holds it: without I/O and without a clock of its own.

::

    caller's sound ─▶ driver ─▶ inputs ─▶ Conversation ─▶ commands ─▶ driver ─▶ endpoints, model, caller's ear
                        │                      │
                        └── the clock          └── ConversationEvent: what happened, in order

A :class:`Conversation` holds an :class:`~providers.emulator.conversation.assistant.Assistant`. A driver tells it what
happened (:mod:`~providers.emulator.conversation.inputs`) and does what it asks for
(:mod:`~providers.emulator.conversation.commands`); times are seconds since the call began, given by the driver.
``next_timer`` names the moment at which ``advance`` wants to be called. Two drivers exist: ``virtual`` jumps from event
to event, ``live`` speaks to real endpoints over sockets (``clients``, or anything else that fits ``ports``).

The parts, from the caller's words to the assistant's sound::

    conversation ─▶ dialogue ─┬─ turn_taking    hearing, endpointing (start plan), interruption (stop plan)
                              ├─ thinking       the model's answers; tools
                              ├─ speaking       utterance ─▶ text/chunking, text/formatting ─▶ play-out clock
                              ├─ silence        idle messages, time-outs
                              └─ hooks
                 call_end, client_messages

Parts tell each other what happened through :class:`~providers.emulator.conversation.context.Context`, never by calls
back. What the platform's pages leave open is a field of :class:`~providers.emulator.conversation.behaviour.Behaviour`.
"""
