"""Runs an operation, in this process or in a child process; JSON lines between them, no sockets."""
