"""The custom endpointing endpoint: a conversation in, the seconds to wait out."""
