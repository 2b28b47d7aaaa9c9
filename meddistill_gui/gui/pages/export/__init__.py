"""Export: what goes into a bundle, where to, and whether every byte arrived."""
