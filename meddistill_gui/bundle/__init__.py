"""The bundle: what leaves the hospital. Format, writer, verifier, delivery; opens without torch."""
