"""Native libraries in processes of their own: a fork server, its worker processes, and voices that run in them."""
