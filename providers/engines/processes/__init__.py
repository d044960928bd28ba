"""Native libraries in separate processes: a fork server, its worker processes, and voices that run in them."""
