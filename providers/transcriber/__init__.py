"""The custom transcriber endpoint: stereo PCM in, transcripts out."""
