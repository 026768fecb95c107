"""Planned stock: its decisions, what it costs by the declared curve, and the lines and cuts beneath that curve."""
