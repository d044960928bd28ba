"""Local engines behind the wires of vendors, so that they can run on other machines than the calls.

The voice answers OpenAI's ``POST /v1/audio/speech``, the recogniser Deepgram's live ``/v1/listen``. The server points
at both like at any vendor: ``--openai-url`` and ``--deepgram-url``, with replay and fallback over them.
"""
