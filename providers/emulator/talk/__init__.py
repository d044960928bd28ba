"""``talk``: one conversation with the offline platform, at the terminal.

::

    microphone, typed lines or a script ─▶ caller ─▶ LiveCall ─▶ voice, transcriber, endpointing: a server of our own,
                                                        │                                         or any other
                              display, loudspeaker ◀────┘
"""
