"""Data and timings for measuring Fillstep; not part of what is installed."""
