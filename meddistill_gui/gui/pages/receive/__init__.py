"""Receive: check a bundle from another hospital, look at it, train students on it."""
