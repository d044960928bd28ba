"""Door 2: stereo PCM in, transcripts out."""
