"""HTTP and WebSocket under uvicorn: limits before the credential, and a short path for PCM."""
