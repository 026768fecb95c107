"""What no plan can cost less than: relaxations whose rows and columns come in as they are needed, and prices."""
