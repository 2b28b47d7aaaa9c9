"""Experts: networks trained on the real images, and the store of their ways through parameter space."""
