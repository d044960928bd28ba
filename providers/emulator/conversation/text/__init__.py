"""What the platform does to a model's text before it becomes a voice request."""
