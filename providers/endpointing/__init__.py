"""Custom endpointing: the conversation in, how long to wait out."""
