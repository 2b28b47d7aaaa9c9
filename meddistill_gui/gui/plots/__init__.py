"""Pictures of numbers: curves, the mosaic of synthetic images, a score beside its distribution. They know no run and no page."""
