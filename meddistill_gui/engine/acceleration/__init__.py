"""Faster ways to compute a student's steps: made, tried against plain float32 on the machine itself, and given up at the first fault."""
