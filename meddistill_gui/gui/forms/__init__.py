"""Forms made from config dataclasses."""
