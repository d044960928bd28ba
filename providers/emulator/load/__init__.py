"""``load``: many whole calls at once, and how a server bears them."""
