"""What is to be made small: pure functions with their gradients, free of loops and state."""
