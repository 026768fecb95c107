"""Order books: what was ordered and sent back, cleaned with an account of every row, and what customers are like."""
