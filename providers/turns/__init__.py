"""Whether the caller has finished: opinions from the words, the sound and the recogniser, and how long to wait."""
