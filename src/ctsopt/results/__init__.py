"""What a plan says: passive tables made from the program's own expressions."""
