"""OpenAI's audio API: speech, transcriptions, models, and realtime transcription sessions."""
