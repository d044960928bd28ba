"""Audio formats of the dialects: uploads to PCM, PCM to what was asked for."""
