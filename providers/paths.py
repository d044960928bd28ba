"""Paths of the endpoints."""

from __future__ import annotations

VOICE_PATH = "/api/custom-voice"
TRANSCRIBER_PATH = "/api/custom-transcriber"
ENDPOINTING_PATH = "/api/custom-endpointing"
TOKEN_PATH = "/oauth/token"  # noqa: S105  # a path
SERVER_URL_PATH = "/api/server-url"
CALLS_PATH = "/api/calls"
