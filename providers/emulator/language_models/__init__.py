"""Models that an offline conversation can have: replies from a list, an echo, any OpenAI-compatible server."""
