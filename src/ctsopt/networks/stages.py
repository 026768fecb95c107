"""Stages of a supply chain and what goes between them: the tables of the guaranteed service model, read and checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from ctsopt.errors import DataError, Finding, Findings, UsageError
from ctsopt.keys import Axis, Bools, Floats, Ints
from ctsopt.networks.schema import Column, Table
from ctsopt.tables.cast import cast_frame
from ctsopt.tables.raw import number_text

MOST_TIMES = 2_000_000
"""Net replenishment times of all stages together: one whole variable each."""

_WHOLE = 1e-9
"""A time this near to a whole number is one: quotients such as 0.3 / 0.1 carry rounding errors."""

_number = partial(Column, kind="number", low=0.0)

STAGES = Table("stages", "Places or steps that may keep stock, and their times in whole periods.", (
    Column("stage", "key", "Name of the stage.", required=True, is_key=True),
    _number("processing_time", meaning="From having everything at hand until the goods are there.", unit="periods",
            required=True),
    _number("holding_cost", meaning="Cost of holding a unit of stock over a period.", unit="money/unit/period",
            required=True),
    _number("safety_factor", meaning="The stock covers the mean demand and so many standard deviations.",
            unit="standard deviations", required=True),
    _number("demand_sd", meaning="Standard deviation of the stage's own demand in a period.", unit="units/√period",
            default=math.nan, blank="no demand of its own"),
    _number("inbound_service", meaning="Time within which suppliers outside the chain deliver to the stage.",
            unit="periods", default=0.0),
    _number("service_promise", meaning="Longest service time that the stage may quote.", unit="periods",
            default=math.nan, blank="0 with demand of its own, else no limit"),
), optional=False)

ARCS = Table("arcs", "Which stage supplies which.", (
    Column("upstream", "key", "Stage that supplies.", required=True, is_key=True),
    Column("downstream", "key", "Stage that is supplied.", required=True, is_key=True),
    _number("usage", meaning="Units of the upstream stage in one unit of the downstream stage.", unit="units/unit",
            default=1.0, low=1e-9),
))


@dataclass(frozen=True, eq=False)
class Stages:
    """An acyclic supply chain, one element per stage (or per arc) in the order of its tables.

    Attributes
    ----------
    axis : Axis
        Names of the stages.
    processing, inbound, promise : float array
        Processing time, service time of outside suppliers, longest service time to quote (infinite: no limit), in
        whole periods.
    holding, factor, sd : float array
        Holding cost, safety factor, and standard deviation per root period of all demand that needs the stage.
    longest : float array
        Longest possible time from order to availability: no stage on the way holds stock.
    up, down : int array
        Ends of each arc.
    level : int array
        Most arcs on a way to the stage: suppliers have a lower one.
    findings : Findings
        Warnings.
    """

    axis: Axis
    processing: Floats
    inbound: Floats
    promise: Floats
    holding: Floats
    factor: Floats
    sd: Floats
    longest: Floats
    up: Ints
    down: Ints
    level: Ints
    findings: Findings

    @property
    def weight(self) -> Floats:
        """Cost of safety stock per root period of net replenishment time."""
        return self.holding * self.factor * self.sd

    def inbound_service(self, outbound: Floats) -> Floats:
        """When everything is at hand, given the service time that each stage quotes."""
        ready = self.inbound.copy()
        np.maximum.at(ready, self.down, outbound[self.up])
        return ready

    def least_outbound(self, covered: Floats) -> Floats:
        """The shortest service times that the stages can quote where stock covers so many periods at each."""
        outbound = np.zeros(len(self.axis))
        ready = self.inbound.copy()
        for k in range(int(self.level.max(initial=0)) + 1):
            here = self.level == k
            outbound[here] = np.maximum(ready[here] + self.processing[here] - covered[here], 0.0)
            onward = here[self.up]
            np.maximum.at(ready, self.down[onward], outbound[self.up[onward]])
        return outbound


def read_stages(stages: pd.DataFrame, arcs: pd.DataFrame | None) -> Stages:
    """Read and check a supply chain.

    Raises
    ------
    UsageError
        If a table is not a DataFrame.
    DataError
        With all faults of both tables.
    """
    if arcs is None:
        arcs = pd.DataFrame({"upstream": [], "downstream": []}, dtype="str")
    for name, table in (("stages", stages), ("arcs", arcs)):
        if not isinstance(table, pd.DataFrame):
            raise UsageError(f"{name}: a pandas DataFrame is needed, not {type(table).__name__}")
    nodes, bad_nodes, of_nodes = cast_frame(STAGES, stages)
    edges, bad_edges, of_edges = cast_frame(ARCS, arcs)
    found = [*of_nodes, *of_edges]
    if not len(nodes):
        found.append(Finding("empty_table", "stages", "", "the table has no rows", f"fill it in: {STAGES.meaning}"))
    if bad_nodes.get("stage", np.zeros(1)).any() or any(f.rule == "duplicate_key" for f in of_nodes):
        raise DataError(Findings(found))  # nothing can refer to stages without a name of their own
    axis = Axis("stage", nodes["stage"].tolist())
    up, down = axis.codes(edges["upstream"]), axis.codes(edges["downstream"])
    for name, codes in (("upstream", up), ("downstream", down)):
        found += _unknown(edges, name, (codes < 0) & ~bad_edges.get(name, np.zeros(len(codes), dtype=bool)), axis)
    if not any(f.severity == "error" for f in found):
        found += _circles(edges, axis, up, down)
    if any(f.severity == "error" for f in found):
        raise DataError(Findings(found))
    return _chain(nodes, axis, up, down, edges["usage"].to_numpy(dtype=np.float64), found)


def _chain(nodes: pd.DataFrame, axis: Axis, up: Ints, down: Ints, usage: Floats, found: list[Finding]) -> Stages:
    """The chain from tables without faults of their own."""
    own = nodes["demand_sd"].to_numpy(dtype=np.float64)
    promise = nodes["service_promise"].to_numpy(dtype=np.float64)
    promise = np.where(np.isnan(promise), np.where(np.isnan(own), np.inf, 0.0), promise)
    processing, inbound, promise = (
        _whole(nodes, name, values, how, found)
        for name, values, how in (("processing_time", nodes["processing_time"].to_numpy(dtype=np.float64), np.ceil),
                                  ("inbound_service", nodes["inbound_service"].to_numpy(dtype=np.float64), np.ceil),
                                  ("service_promise", promise, np.floor)))
    level, longest = _levels(processing, inbound, up, down)
    found += _without_demand(nodes, ~np.isnan(own), up, down, level)
    times = float((longest + 1).sum())
    if times > MOST_TIMES:
        found.append(Finding("too_many_times", "stages", "processing_time",
                             f"{times:,.0f} net replenishment times to choose from, at most {MOST_TIMES:,}",
                             "measure time in longer periods (and demand_sd with them: it grows with their root)"))
    if any(f.severity == "error" for f in found):
        raise DataError(Findings(found))
    sd = _standard_deviation(np.nan_to_num(own), up, down, usage)
    return Stages(axis, processing, inbound, promise, nodes["holding_cost"].to_numpy(dtype=np.float64),
                  nodes["safety_factor"].to_numpy(dtype=np.float64), sd, longest, up, down, level, Findings(found))


def _standard_deviation(own: Floats, up: Ints, down: Ints, usage: Floats) -> Floats:
    """Standard deviation of all demand that needs a stage: root of sum over demands of (units of it per unit)² sd².

    The units of a stage in a unit of demand are added up over all ways before they are squared: where ways part and
    meet again, the same demand comes over both.
    """
    import scipy.sparse as sp

    size = len(own)
    needs = sp.csr_array((usage, (up, down)), shape=(size, size))
    demanded = np.flatnonzero(own > 0)
    step = sp.csr_array((own[demanded], (demanded, np.arange(len(demanded)))), shape=(size, len(demanded)))
    total = step
    while step.nnz:
        step = sp.csr_array(needs @ step)
        total = total + step
    return np.sqrt(np.asarray((total * total).sum(axis=1), dtype=np.float64).ravel())


def _levels(processing: Floats, inbound: Floats, up: Ints, down: Ints) -> tuple[Ints, Floats]:
    """Most arcs on a way to each stage, and the longest time until its goods are there."""
    level = np.zeros(len(processing), dtype=np.int32)
    longest = processing + inbound
    while True:
        deeper, later = level.copy(), longest.copy()
        np.maximum.at(deeper, down, level[up] + np.int32(1))
        np.maximum.at(later, down, longest[up] + processing[down])
        if np.array_equal(deeper, level) and np.array_equal(later, longest):
            return level, longest
        level, longest = deeper, later


def _whole(nodes: pd.DataFrame, name: str, values: Floats, how: np.ufunc, found: list[Finding]) -> Floats:
    """Whole periods on the safe side: times that pass up, times that are promised down."""
    near = np.rint(values)
    broken = ~np.isclose(values, near, rtol=_WHOLE, atol=_WHOLE)
    whole = np.where(broken, how(values), near)
    if broken.any():
        way = "up" if how is np.ceil else "down"
        found.append(Finding("broken_time", "stages", name, f"times are whole periods: it is rounded {way}",
                             "write whole numbers, or measure time in shorter periods",
                             nodes.index[broken].tolist(), [number_text(value) for value in values[broken]],
                             severity="warning"))
    return np.asarray(whole, dtype=np.float64)


def _unknown(edges: pd.DataFrame, name: str, wrong: Bools, axis: Axis) -> list[Finding]:
    if not wrong.any():
        return []
    return [Finding("unknown_reference", "arcs", name, "there is no such row in stages",
                    "correct the name, or add it to stages", edges.index[wrong].tolist(),
                    edges.loc[wrong, name].tolist(), tuple(axis.labels.tolist()))]


def _circles(edges: pd.DataFrame, axis: Axis, up: Ints, down: Ints) -> list[Finding]:
    """Arcs on a circle: both ends can be reached from each other."""
    import scipy.sparse as sp
    from scipy.sparse.csgraph import connected_components

    size = len(axis)
    links = sp.csr_array((np.ones(len(up)), (up, down)), shape=(size, size))
    part = connected_components(links, directed=True, connection="strong")[1]
    inside = part[up] == part[down]
    if not inside.any():
        return []
    ways = [f"{a} -> {b}" for a, b in zip(axis.names(up[inside]), axis.names(down[inside]), strict=True)]
    return [Finding("circle", "arcs", "", "goods go round in a circle: a stage supplies itself over these arcs",
                    "leave out the arc that goes against the flow of goods", edges.index[inside].tolist(), ways)]


def _without_demand(nodes: pd.DataFrame, own: Bools, up: Ints, down: Ints, level: Ints) -> list[Finding]:
    """Stages whose goods nobody asks for: their stock would cost nothing, which is hardly meant."""
    needed = own.copy()
    for k in range(int(level.max(initial=0)), 0, -1):
        into = level[down] == k
        np.logical_or.at(needed, up[into], needed[down[into]])
    if needed.all():
        return []
    return [Finding("no_demand", "stages", "demand_sd", "nobody asks for the goods of the stage, nor of those it "
                    "supplies", "fill in demand_sd there or downstream (0 for demand that is certain), or leave the "
                    "stage out", nodes.index[~needed].tolist(), nodes.loc[~needed, "stage"].tolist())]
