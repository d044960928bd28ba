"""Neural engines on this machine, with model files that the user provides."""
