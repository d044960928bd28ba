"""Voice endpoint: text in, PCM out."""
