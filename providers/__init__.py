"""Custom voice, custom transcriber and custom endpointing for Vapi, in one server."""
