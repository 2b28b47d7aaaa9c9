"""The options of every operation, one file per thing a user asks for; forms, flags and the manual come from them."""
