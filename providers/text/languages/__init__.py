"""Words of single languages, by family."""
