"""Colours, icons and the style sheet, for light and dark."""
