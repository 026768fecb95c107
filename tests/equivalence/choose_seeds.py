"""Seeds whose networks cover every feature: `PYTHONPATH=src python -m tests.equivalence.choose_seeds`.

To be run again when the generator of random networks changes what it draws; the list goes into test_oracle.py.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from ctsopt.testing import FEATURES, random_features, random_network
from tests.equivalence.ablations import ABLATIONS
from tests.oracle import OracleResult, optimum

COUNT, POOL, TIMES = 30, 90, 3


def solved(tables: dict) -> OracleResult:
    """The oracle's optimum of the tables of `random_network`."""
    return optimum({name: frame for name, frame in tables.items() if name != "settings"}, tables["settings"])


def decisive(seed: int, of: Iterable[str] = ABLATIONS, **fixed: bool) -> set[str]:
    """Features without which the network of this seed would cost something else, or could (not) be served."""
    tables, on = random_network(seed, **fixed), random_features(seed, **fixed)
    base = solved(tables)
    found = set()
    for name in of:
        if on[name]:
            result = solved(ABLATIONS[name](tables))
            same = result.status == base.status and not abs(result.total - base.total) > 1e-6 * abs(base.total)
            found |= set() if same else {name}
    return found


def choose() -> list[int]:
    """Greedily the seed that adds most to what is covered fewer than TIMES times."""
    covers = {seed: {("on" if on else "off", name) for name, on in random_features(seed).items()}
              | {("decides", name) for name in decisive(seed)} for seed in range(POOL)}
    drawn = [name for name in FEATURES if name != "availability"]  # that one is on only where it is asked for
    wanted = dict.fromkeys([(kind, name) for name in drawn for kind in ("on", "off", "decides")], TIMES)
    chosen: list[int] = []
    for _ in range(COUNT):
        best = max((seed for seed in covers if seed not in chosen),
                   key=lambda seed: sum(max(0, wanted[item]) ** 2 for item in covers[seed]))
        chosen.append(best)
        for item in covers[best]:
            wanted[item] -= 1
    short = [item for item, left in wanted.items() if left > 0 and (item[0] != "decides" or item[1] in ABLATIONS)]
    sys.stdout.write(f"not {TIMES} times: {short}\n")
    return sorted(chosen)


if __name__ == "__main__":
    sys.stdout.write(f"{choose()}\n")
