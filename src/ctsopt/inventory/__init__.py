"""Stock theory and service mathematics: pure functions over arrays."""
