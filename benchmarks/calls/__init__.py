"""Calls against a real server: joins of many at once, and faults whose cause the explanation has to name."""
