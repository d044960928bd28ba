"""What our engines add to the vendor's own client, a module per question; each has its cases as ``CASES``."""
