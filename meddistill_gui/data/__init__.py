"""From a source folder to arrays: reading, catalogue, labels, patient split, pixel cache, the invented demo hospital."""
