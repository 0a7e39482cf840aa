"""What can be said of a whole run: as tables, and as files."""
