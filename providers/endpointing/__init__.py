"""Door 3: the conversation in, how long to wait out."""
