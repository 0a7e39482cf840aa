"""Orders and fills: checked, matched against bars, and joined to a portfolio. Nothing here keeps a position."""
