"""Speaking engines behind an HTTP API."""
