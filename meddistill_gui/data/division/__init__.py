"""Which images belong together, and which part of the split each patient is in."""
