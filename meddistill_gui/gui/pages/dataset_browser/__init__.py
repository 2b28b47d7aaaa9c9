"""Open a folder of images, look at it, name the classes, divide the patients."""
