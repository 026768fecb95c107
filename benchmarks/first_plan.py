"""`python -m benchmarks.first_plan`: how soon a large network has a plan, a bound, and a proven gap.

1,000 customers, 30 dcs, 10 products and two modes, every dc to every customer: 600,000 deliveries, of which HiGHS by
itself finds no plan within minutes. Seconds are processor time, from the network on.
"""

from __future__ import annotations

import argparse
import time

import ctsopt as cts
from benchmarks.cases import Case


def main(arguments: list[str] | None = None) -> None:
    """Solve the network and print a line for each phase, plan and bound."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_plan", description=__doc__)
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--sites", type=int, default=30, help="dcs, all of them candidates (30)")
    parser.add_argument("--products", type=int, default=10)
    parser.add_argument("--gap", default="1%", help="the search ends at this proven gap (1%%)")
    parser.add_argument("--time-limit", type=float, default=600.0, help="seconds by the clock (600)")
    parser.add_argument("--save", help="folder for the tables, to be solved by `ctsopt solve`")
    options = parser.parse_args(arguments)
    case = Case("first-plan", "1M", 4, options.sites, options.customers, products=options.products)
    net = cts.network(case.tables())
    if options.save:
        net.write(options.save)
        return
    begin, last = time.process_time(), cts.Progress("")

    def note(now: cts.Progress) -> None:
        nonlocal last
        if now.phase != last.phase or now.plan != last.plan or now.bound != last.bound:
            print(f"{time.process_time() - begin:7.1f} s of processor · {now}", flush=True)
        last = now

    solution = cts.solve(net, gap=options.gap, time_limit=options.time_limit, progress=note)
    print(f"{time.process_time() - begin:7.1f} s of processor · done", solution, sep="\n")


if __name__ == "__main__":
    main()
