"""Compare: runs of a project side by side, their images, their figures with intervals, and what was set differently."""
