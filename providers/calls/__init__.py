"""Calls: what the endpoints know together about one call, its events, and which requests belong to it."""
