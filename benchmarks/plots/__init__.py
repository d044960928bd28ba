"""Pictures of the figures; the only modules that import matplotlib, and only when pictures are asked for."""
