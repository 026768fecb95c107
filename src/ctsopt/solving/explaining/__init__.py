"""Why there is no plan, and what can be promised instead: a ladder that stops at the first rung that explains."""
