"""Edits of tables: what can be said, where it applies, and what becomes of the rows."""
