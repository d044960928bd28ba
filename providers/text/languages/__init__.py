"""Word lists of single languages, by family."""
