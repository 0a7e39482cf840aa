"""Positions and cash: the one place where they are kept."""
