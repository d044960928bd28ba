"""pocketsphinx: an embedded English recogniser without a key."""
