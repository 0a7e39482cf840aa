"""Files of bars, read and checked; what a file holds is taken exactly or refused by its place."""
