"""What a change of service costs before it is signed: changes, lenses, quotes, and the money around them."""
