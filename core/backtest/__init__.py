"""Time: the only package in which orders, positions and bars meet."""
