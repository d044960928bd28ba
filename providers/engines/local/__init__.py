"""Neural engines on this machine; the user brings the model files."""
