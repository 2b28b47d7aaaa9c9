"""Invented hospitals, drawn: for the demo and for tests."""
