"""Pages that a browser shows, and the description of the HTTP routes."""
