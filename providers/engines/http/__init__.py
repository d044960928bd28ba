"""Voices behind an HTTP API."""
