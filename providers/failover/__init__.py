"""Several engines used as one."""
