"""From a file's pixels to the squares that networks and screens see."""
