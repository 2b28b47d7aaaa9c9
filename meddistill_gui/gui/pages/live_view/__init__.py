"""Live view: watches a run folder, whoever runs it; asks it to pause, stop or go on."""
