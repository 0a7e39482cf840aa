"""The screen: panes over the core, drawn in the terminal."""
