"""One file per thing a user asks for. Each takes a frozen config and yields events; the doors only print or draw them."""
