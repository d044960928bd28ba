"""What people who run the server need: admission, metrics, logs, health."""
