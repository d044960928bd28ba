"""Hostile input: mutated bodies and frames against the wires and against a real server, and what it must not do."""
