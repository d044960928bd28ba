"""Operations: admission, background tasks, metrics, logs, health."""
