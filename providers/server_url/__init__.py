"""The Server URL: what the platform tells of its calls, and what it asks the user's own code."""
