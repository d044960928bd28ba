"""Sample rates that the endpoints accept: one lowest, one highest, one check."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["EXPECTED_RATE", "HIGHEST_RATE", "LOWEST_RATE", "checked_rate", "shown_number", "suitable_rate"]

LOWEST_RATE, HIGHEST_RATE = 8000, 48000
"""Hz."""

EXPECTED_RATE = f"an integer from {LOWEST_RATE} to {HIGHEST_RATE}"
"""Words for an error text."""


def checked_rate(value: float) -> int | None:
    """A number of a message as a sample rate in Hz; None when it is not one.

    >>> checked_rate(24000.0), checked_rate(8000.5), checked_rate(10**400), checked_rate(float("nan"))
    (24000, None, None, None)
    """
    # The range comes first: an integer of any length can be compared, only a moderate one can become a float.
    if not LOWEST_RATE <= value <= HIGHEST_RATE or value != int(value):
        return None
    return int(value)


def shown_number(value: float) -> str:
    """A number as an error text shows it, however many digits were sent.

    >>> shown_number(44101), shown_number(16000.5), shown_number(10**400)
    ('44101', '16000.5', 'a number of 401 digits')
    """
    if isinstance(value, int) and abs(value) >= 10**15:
        # The number of digits is counted without making them all: that would take quadratic time.
        digits = int(abs(value).bit_length() * 0.30102999566398114) + 1
        return f"a number of {digits} digits"
    return f"{value:g}" if isinstance(value, float) else str(value)


def suitable_rate(rates: Sequence[int], wanted: int) -> int:
    """The lowest of a vendor's rates (Hz, rising) that is not below the wanted one, else its highest.

    >>> [suitable_rate((8000, 16000, 24000), rate) for rate in (8000, 11025, 48000)]
    [8000, 16000, 24000]
    """
    return next((rate for rate in rates if rate >= wanted), rates[-1])
