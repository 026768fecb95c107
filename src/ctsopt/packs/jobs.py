"""The jobs of a pack: one per case, which starts from the plan of the case that it extends."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ctsopt.errors import DataError, InfeasibleError, UsageError, did_you_mean
from ctsopt.networks.network import Network
from ctsopt.packs.draft import Case
from ctsopt.packs.nesting import Nest, nests
from ctsopt.packs.pack import Pack
from ctsopt.packs.resolve import why_no_plan
from ctsopt.running.job import Job
from ctsopt.solving.options import Options


def jobs_of(pack: Pack, seed: int = 0) -> list[Job]:
    """The jobs of a pack, in its order.

    Raises
    ------
    UsageError
        If an option of the pack is not valid.
    """
    options = options_of(pack.options, seed)
    nested = nests(pack)
    jobs = []
    for case in pack.cases:
        nest = nested.get(case.name, Nest())
        jobs.append(Job(case.name, partial(_network, pack, case), options, case.parent, pack.hashes.get(case.name, ""),
                        nest.stricter, nest.looser, nest.no_dearer))
    return jobs


def _network(pack: Pack, case: Case) -> Network:
    """The network of a case; of one for which there can be no plan, that is said and no fault of the tables."""
    try:
        return pack.network(case)
    except DataError as error:
        why = why_no_plan(error)
        if why:
            raise InfeasibleError(why) from error
        raise


def options_of(given: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Keywords of `ctsopt.solve`, all of them, with their defaults resolved."""
    known = [name for name in Options.__dataclass_fields__ if name not in ("seed", "log")]
    for name in given:
        if name in ("seed", "log", "threads"):
            raise UsageError(f"the option {name!r} belongs to whoever runs the pack, not to the pack")
        if name not in known:
            raise UsageError(f"a pack has no option {name!r}" + did_you_mean(name, known, listed=True))
    return Options(**given, seed=seed).record()
