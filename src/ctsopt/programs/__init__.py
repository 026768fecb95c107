"""Mathematics that knows no logistics: algebra, programs of named blocks, and their ways out."""
