"""Playground: a person at the page talks to this server, as a caller of the platform would.

::

    page ─ microphone, typed lines ─▶ endpoint ─▶ session ─▶ the platform's conversation, live
     ▲                                              │                │ voice, transcriber, endpointing requests
     └── both sides' sound, events, what was sent ──┘                ▼
                                                     this server's own endpoints, over loopback
"""
