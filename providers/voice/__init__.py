"""Door 1: text in, PCM out."""
