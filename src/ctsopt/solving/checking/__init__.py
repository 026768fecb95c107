"""The recheck: what a plan must keep and cost, worked out from the tables alone."""
