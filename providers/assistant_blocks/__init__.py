"""An assistant's JSON, as far as it names this server."""
