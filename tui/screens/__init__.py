"""What lies over the panes for a while."""
