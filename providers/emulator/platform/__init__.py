"""The platform as a server: calls over HTTP, their audio over a socket, their events to a Server URL.

::

    POST /call ─▶ api ─▶ creation ─▶ CallStore ─▶ transport socket ─▶ CallRun ─▶ conversation.live ─▶ endpoints, model
                                         │           ▲    │              │
    GET /call, /control, /listen ◀───────┘           └────┘ 20 ms        └─▶ ServerUrl ─▶ the customer's server
                                                    the caller

``creation`` judges a request as the platform does and says what is wrong in its words. A call waits for its caller; the
conversation begins when the caller's socket opens. Everything is bounded: calls at once and kept, message sizes, the
caller's audio ahead of time, a call's length.
"""
