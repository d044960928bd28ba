"""Files from a maker's own page, over HTTP; an interrupted download is continued where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx

from providers.models.catalogue import ModelFile
from providers.models.errors import ModelError

_TIMEOUT = httpx.Timeout(30.0)

Progress = Callable[[int], None]
"""Is told how many bytes have come so far."""


def fetch(file: ModelFile, part: Path, *, progress: Progress) -> None:
    """Bring a file's bytes into ``part``, after those that are there already.

    Raises
    ------
    ModelError
        The page does not answer with the file.
    """
    begun = part.stat().st_size if part.exists() else 0
    if begun >= file.size:
        part.unlink()
        begun = 0
    headers = {"Range": f"bytes={begun}-"} if begun else {}
    try:
        with httpx.stream("GET", file.url, headers=headers, timeout=_TIMEOUT, follow_redirects=True) as response:
            if response.status_code not in (200, 206):
                raise ModelError(f"{file.name}: HTTP {response.status_code} from {httpx.URL(file.url).host}")
            goes_on = response.status_code == 206
            come = begun if goes_on else 0
            with part.open("ab" if goes_on else "wb") as stream:
                for block in response.iter_bytes():
                    come += len(block)
                    if come > file.size:
                        raise ModelError(f"{file.name}: expected {file.size} bytes, found more")
                    stream.write(block)
                    progress(come)
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise ModelError(f"{file.name}: {reason}; pull again to go on where it stopped") from None
