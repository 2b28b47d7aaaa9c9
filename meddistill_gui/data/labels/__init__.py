"""Which class an image belongs to, and who said so."""
