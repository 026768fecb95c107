"""A run of a pack in a process of its own, for those who kill it: `python -m tests.running.child CACHE WORKERS`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from ctsopt.comparing.outcome import run
from ctsopt.running.cache import Cache
from ctsopt.running.progress import Event
from tests.running.packs import searches
from tests.solving.test_solve import hard


def tell(event: Event) -> None:
    if event.kind != "working":
        sys.stdout.write(f"{event.kind} {event.scenario}\n")
        sys.stdout.flush()


def main(cache: str, workers: str, what: str = "") -> None:
    """Run the pack; `die` ends this process when its second entry is written, and not yet in its place."""
    if what == "die":
        real, written = Cache._settle, []

        def settle(self: Cache, key: str, draft: Path):
            written.append(key)
            if len(written) == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(self, key, draft)

        Cache._settle = settle
    pack = searches()
    if what == "long":
        pack.options = {"gap": 0.0, "time_limit": 300.0}
        pack.networks |= {"third": hard(60, seed=1), "fourth": hard(60, seed=2)}
    result = run(pack, workers=int(workers), cache=cache, watch=tell)
    result.rows.to_json(sys.stdout, orient="records")


if __name__ == "__main__":
    main(*sys.argv[1:])
