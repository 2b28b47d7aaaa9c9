"""The headless twin of the window: one sub-command per operation, made from the same options."""
