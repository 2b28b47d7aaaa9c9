"""Four steps to the frozen config of a run: data, method, budget, summary."""
