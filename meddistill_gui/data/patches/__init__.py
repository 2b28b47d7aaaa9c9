"""Regions drawn on large images, and the patches cut by them."""
