"""What a way is: its keys and its measures. `ctsopt.networks.ways` makes them."""

from __future__ import annotations

from dataclasses import dataclass

from ctsopt.keys import Coded


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways of a network.

    Attributes
    ----------
    moves : Coded
        Keys origin, via, destination, mode_in, mode_out, product, period. Measures per unit: line_haul, handling_in,
        handling_out, duty (money), co2 (kg), lead_time and transit_sd (days), distance, load and via_load (capacity
        units of origin and via).
    deliveries : Coded
        Keys site, via, customer, tier, mode_in, mode_out, product, period. Measures per unit: last_mile, line_haul,
        handling_in, handling_out, duty (money), co2 (kg), lead_time (mean, days), on_time (probability), certain
        (on_time >= reliability), distance, load, via_load, request (row of the requests); where stock is planned,
        in_transit (days) and wait (longest wait for stock, in whole days, that leaves the promise kept).
    """

    moves: Coded
    deliveries: Coded

    def __len__(self) -> int:
        return len(self.moves) + len(self.deliveries)
