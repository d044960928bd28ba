"""Cache of finished utterances."""
