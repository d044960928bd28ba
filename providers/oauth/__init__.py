"""OAuth 2.0 client credentials: an id and a secret for a short-lived token."""
