"""The images in the middle of the page: search, grid or list of them, their thumbnails, setting classes by hand."""
