"""Evaluation: students trained on a few images, what they are worth, and fair baselines beside them."""
