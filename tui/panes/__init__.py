"""The panes of the screen: each shows one part of a view, and sends messages up."""
