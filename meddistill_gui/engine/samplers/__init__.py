"""Which segment of which expert an iteration matches: pure functions of the seed and the iteration."""
