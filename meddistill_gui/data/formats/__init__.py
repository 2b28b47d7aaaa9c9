"""What hospitals' files look like inside, and how an image is got out of them."""
