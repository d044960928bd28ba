"""Models that are fetched when the user asks for them: a catalogue, where each comes from, and where it is kept."""
