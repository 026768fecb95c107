"""Typed tables: columns and their meaning, casting, findings of cells, files, workbooks, templates, edits."""
