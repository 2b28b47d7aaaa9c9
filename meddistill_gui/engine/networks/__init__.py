"""Networks as pure functions of one flat parameter vector, one family per file."""
