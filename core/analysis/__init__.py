"""What can be said of a whole run, as tables and files, and of a strategy that is run again over other data."""
