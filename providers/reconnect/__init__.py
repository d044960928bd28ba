"""A recognition that outlives its connection."""
