"""Logistics to mathematics: families of variables, rows and cost lines, and the function that puts them together."""
