"""The steps of the formatting plan; each is a function from text to text."""
