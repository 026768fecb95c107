"""Stock of a plan: tables, the exact check, and who bears it."""
