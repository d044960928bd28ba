"""A second recogniser that hears some calls and is never sent: which one is better for these callers."""
