"""A whole conversation as the platform holds it: without I/O and without a clock of its own.

::

    caller's sound ─▶ driver ─▶ inputs ─▶ Conversation ─▶ commands ─▶ driver ─▶ endpoints, model, caller's ear
                        │                      │
                        └── the clock          └── ConversationEvent: what happened, in order

A :class:`Conversation` holds an :class:`~providers.emulator.conversation.assistant.Assistant`. A driver tells it what
happened (:mod:`~providers.emulator.conversation.inputs`) and does what it asks for
(:mod:`~providers.emulator.conversation.commands`); times are seconds since the call began, given by the driver.
``next_timer`` names the moment at which ``advance`` wants to be called. Two drivers exist: ``virtual`` jumps from event
to event, ``live`` speaks to real endpoints over sockets.
"""
