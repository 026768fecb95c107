"""A job: a network to solve, under a name. Whoever wants many plans makes jobs, and knows what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ctsopt.errors import SolverError, UsageError, did_you_mean
from ctsopt.networks.network import Network


@dataclass(frozen=True, eq=False)
class Job:
    """One network to solve.

    Attributes
    ----------
    name : str
    network : Network, or callable that makes it
        It is called when somebody is soon free to solve it, so that many networks need not be held at once. A fault
        that it raises (CtsError) is the answer: InfeasibleError says that there can be no plan.
    options : mapping
        Keywords of `ctsopt.solve`, all of them, as `Options.record` gives them.
    parent : str, optional
        Job before it whose plan the search starts from.
    hash : str
        Of the network, where it is known without making it: what is in the cache is then not made at all.
    stricter : tuple of str
        Jobs whose plans are plans of this one, before or after it: it waits for them, and its search starts from the
        cheapest of these plans in the place of its parent's.
    no_dearer : tuple of str
        Those of them whose plans cost no more here than there: this job is not to end with a plan that costs more.
    looser : tuple of str
        Jobs of which every plan of this one is a plan: what is proven to be the least for them is so for this one.
    """

    name: str
    network: Network | Callable[[], Network]
    options: Mapping[str, Any]
    parent: str | None = None
    hash: str = ""
    stricter: tuple[str, ...] = ()
    looser: tuple[str, ...] = ()
    no_dearer: tuple[str, ...] = ()

    def made(self) -> Network:
        """The network.

        Raises
        ------
        CtsError
            What is wrong with it.
        """
        net = self.network if isinstance(self.network, Network) else self.network()
        if self.hash and net.hash != self.hash:
            raise SolverError(f"the network of {self.name} is not the one that was checked: our fault")
        return net


def chosen(jobs: Sequence[Job], only: Iterable[str] | None) -> list[Job]:
    """The jobs to run: those named, those whose plans they start from, and the first of those that are the same.

    Raises
    ------
    UsageError
        If a name is not known, or a job does not come after its parent.
    """
    by_name: dict[str, Job] = {}
    for job in jobs:
        if job.parent is not None and job.parent not in by_name:
            raise UsageError(f"the case {job.name!r} does not come after its parent {job.parent!r}")
        by_name[job.name] = job
    if only is None:
        return list(jobs)
    first: dict[str, str] = {}
    for job in jobs:
        first.setdefault(job.hash or job.name, job.name)
    same = {job.name: first[job.hash or job.name] for job in jobs}
    wanted: set[str] = set()
    for name in [only] if isinstance(only, str) else only:
        if name not in by_name:
            raise UsageError(f"the pack has no case {name!r}" + did_you_mean(name, by_name))
        wanted |= _needed(name, by_name, same)
    return [job for job in jobs if job.name in wanted]


def _needed(name: str, by_name: Mapping[str, Job], same: Mapping[str, str]) -> set[str]:
    """A job, the first with the same network, which is the one that is solved, and what that one starts from."""
    needed, left = {name, same[name]}, [same[name]]
    while left:
        job = by_name[left.pop()]
        for other in (job.parent, *job.stricter):
            if other is not None and other not in needed:
                needed.add(other)
                left.append(same[other])  # whoever is the same as it is solved in its place
                needed.add(same[other])
    return needed


def in_order(jobs: Sequence[Job]) -> list[Job]:
    """The jobs as they were, but each after those that it waits for.

    Raises
    ------
    UsageError
        If jobs wait for each other.
    """
    known, done = {job.name for job in jobs}, set[str]()
    order: list[Job] = []
    left = list(jobs)
    while left:
        rest = []
        for job in left:
            if known & {*job.stricter, *([job.parent] if job.parent else [])} <= done:
                order.append(job)
                done.add(job.name)
            else:
                rest.append(job)
        if len(rest) == len(left):
            raise UsageError(f"{', '.join(job.name for job in rest)}: they wait for each other's plans")
        left = rest
    return order


def behind(jobs: Sequence[Job]) -> dict[str, int]:
    """How many jobs stand in the longest row that waits for each: whoever is free takes the longest row first."""
    longest = {job.name: 0 for job in jobs}
    for job in reversed(in_order(jobs)):
        for other in (*job.stricter, *([job.parent] if job.parent else [])):
            if other in longest:
                longest[other] = max(longest[other], longest[job.name] + 1)
    return longest
