"""Where stock stands and what it must cover: points, levels, findings."""
