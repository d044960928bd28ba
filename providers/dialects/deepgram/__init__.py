"""Deepgram's API: listen and speak, each over HTTP and as a live socket."""
