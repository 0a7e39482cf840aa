"""What panes are drawn with: each widget takes plain values, and knows nothing of trading."""
