"""Words before they become sound and after they were sound: pure functions."""
