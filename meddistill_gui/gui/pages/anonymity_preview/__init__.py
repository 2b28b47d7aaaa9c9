"""Anonymity preview: what the audit found, image by image, beside the nearest real images. The evidence stays in the house."""
