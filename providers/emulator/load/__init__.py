"""``load``: many whole calls at once, and how a server holds up under them."""
