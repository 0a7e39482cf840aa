"""Every other moment of a run: found by folding what the journal holds."""
