"""Evidence about what a distilled set could leak: tests that can find a leak, and say so when they cannot."""
