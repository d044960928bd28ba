"""Pure functions over text: before it is spoken, and after it was recognised."""
