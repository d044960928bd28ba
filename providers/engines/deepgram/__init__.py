"""Deepgram, speaking and listening, through its SDK."""
