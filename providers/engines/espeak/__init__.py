"""espeak-ng: embedded voices without a key."""
