"""MedDistill."""
