"""Distillation methods, one idea per file; they are put together from `engine.matching` and never import each other."""
