"""How long a price list takes: the store customers of retail_us one tier up and down. `python -m benchmarks.prices`."""

from __future__ import annotations

import time

import ctsopt as cts
from ctsopt import examples


def main() -> None:
    """Print prices and processor seconds, those of one quote by itself beside them."""
    base = cts.solve(cts.read(examples.path("retail_us")), gap=1e-3)
    stores = [name for name in base.net.tables["customers"]["customer"] if name.endswith("stores")]
    began = time.process_time()
    prices = cts.price_list(base, customers=stores)
    listed = time.process_time() - began
    row = prices.iloc[0]
    began = time.process_time()
    found = cts.quote(base, cts.Change(str(row["customer"]), tier=str(row["to"])), lenses=["flows"])
    alone = time.process_time() - began
    print(f"{len(prices)} prices of {len(stores)} customers in {listed:.1f} s, one quote by itself in {alone:.2f} s; "
          f"{row['point']:,.2f} by the list, {found.headline.point:,.2f} by the quote")


if __name__ == "__main__":
    main()
