"""What a person asks of a run besides moving in it."""
