"""Who gets the last pallet: shares of what there is, with a rule for every unit and a reason for every short line."""
