"""Log lines: their JSON Schema, and the command that picks those of one call."""
