"""What is wrong with an answer that should be audio, named as an operator would name it."""

from __future__ import annotations

import re

from providers.emulator.failures import bare
from providers.emulator.http_client import RecordedResponse
from providers.emulator.sound import decoded, first_audible

_CODED = {
    b"ID3": "MP3",
    b"\xff\xfb": "MP3",
    b"\xff\xf3": "MP3",
    b"OggS": "Ogg",
    b"fLaC": "FLAC",
    b"\x1aE\xdf\xa3": "WebM",
    b"\x1f\x8b": "gzip",
}
_TITLE = re.compile(rb"<title[^>]*>\s*([^<]{1,60})", re.IGNORECASE)
_TEXT_TYPES = ("text/", "application/json", "application/problem+json", "application/xml")


def fault_of(response: RecordedResponse) -> str | None:
    """Why a response is no speech at all; None when it is."""
    if response.status != 200:
        return f"{status_line(response)} instead of audio"
    if not response.complete:
        return f"the body broke off after {len(response.body)} bytes"
    what = document(response)
    if what is not None:
        return f"200 with {what} instead of audio"
    if first_audible(decoded(without_header(response.body))) is None:
        return f"200 with {len(response.body)} bytes and nothing audible in them"
    return None


def status_line(response: RecordedResponse) -> str:
    """The status with what it came with: where a redirect points to, which page stands in the way."""
    if 300 <= response.status < 400:
        return f"HTTP {response.status}, a redirect to {bare(response.location) or 'nowhere'}"
    what = document(response)
    page = f" with {what}" if what is not None and what.startswith("an HTML page") else ""
    return f"HTTP {response.status}{page}"


def document(response: RecordedResponse) -> str | None:
    """What a body is that is text and no audio: an HTML page, JSON or plain text; None for anything else."""
    begin = response.body[:2048].lstrip()
    kind = response.content_type.lower()
    if begin[:1] == b"<" and (b"html" in begin[:200].lower() or "html" in kind):
        title = _TITLE.search(begin)
        named = f" titled {title.group(1).decode('utf-8', 'replace').strip()!r}" if title else ""
        return f"an HTML page{named}"
    if begin[:1] in (b"{", b"[") and _is_text(begin):
        return "JSON"
    if begin and any(kind.startswith(text) for text in _TEXT_TYPES) and _is_text(begin):
        return "text"
    return None


def container(body: bytes) -> str | None:
    """The coded format or container a body begins with; None for bare samples."""
    if body.startswith(b"RIFF"):
        return "a WAV header"
    return next((f"a coded format ({name})" for magic, name in _CODED.items() if body.startswith(magic)), None)


def without_header(body: bytes) -> bytes:
    """The samples of a body; the header of a WAV file is not counted."""
    if not body.startswith(b"RIFF"):
        return body
    place = body.find(b"data", 12, 4096)
    return body[place + 8 :] if place >= 0 else body[44:]


def _is_text(begin: bytes) -> bool:
    """True when these bytes are written text: PCM has control characters from its first loud sample on."""
    control = sum(byte < 9 or 13 < byte < 32 for byte in begin)
    return control == 0 and b"\xff" not in begin
