"""Safety stock in a multi-echelon network by the guaranteed service model: from two tables to stocks and a proof."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctsopt.errors import Findings, SolverError
from ctsopt.formulation.guaranteed_service import guaranteed_service_program
from ctsopt.keys import Floats, Positions
from ctsopt.networks.stages import Stages, read_stages
from ctsopt.programs.program import Program
from ctsopt.programs.status import OPTIMAL_WITHIN, Status
from ctsopt.solving.options import Options
from ctsopt.solving.strategies.direct import Direct
from ctsopt.solving.strategies.strategy import Found, Problem


@dataclass(frozen=True, eq=False)
class GuaranteedService:
    """Where a supply chain keeps its safety stock.

    Attributes
    ----------
    cost : float
        Holding cost of all safety stock, in money per period.
    bound : float
        Proven: no choice of service times costs less.
    stages : DataFrame
        One row per stage: `stage`, `inbound_service`, `outbound_service`, `net_replenishment_time` (periods),
        `demand_sd` (units/√period, of all demand that needs the stage), `safety_stock` (units), `cost` (money per
        period). Often several choices of service times cost the same; this is one of them.
    status : Status
    findings : Findings
        Warnings: times that were rounded.
    program : Program
        What was solved.
    """

    cost: float
    bound: float
    stages: pd.DataFrame
    status: Status
    findings: Findings
    program: Program

    @property
    def gap(self) -> float:
        """What the cost may be above the least possible, as a share of it."""
        return 0.0 if self.cost == self.bound else (self.cost - self.bound) / self.cost

    def __str__(self) -> str:
        held = int((self.stages["safety_stock"] > 0).sum())
        return (f"guaranteed service: safety stock at {held} of {len(self.stages)} stages costs {self.cost:,.2f} per "
                f"period, at most {self.gap:.2%} above the least possible; {self.status}")


def guaranteed_service(stages: pd.DataFrame, arcs: pd.DataFrame | None = None, gap: float = 1e-6,
                       time_limit: float | None = None, seed: int = 0, log: bool = False) -> GuaranteedService:
    """Place safety stock in a multi-echelon network at least cost, by the guaranteed service model.

    Parameters
    ----------
    stages : DataFrame
        Columns `stage`; `processing_time` (periods); `holding_cost` (money/unit/period); `safety_factor` (standard
        deviations of demand that the stock covers); `demand_sd` (of a period, units/√period; blank: no demand of its
        own); `inbound_service` (periods until suppliers outside the chain deliver; blank: 0); `service_promise`
        (longest service time that the stage may quote, periods; blank: 0 with demand of its own, else no limit).
    arcs : DataFrame, optional
        Columns `upstream`, `downstream`, `usage` (units of the upstream stage in one of the downstream one; blank: 1).
        Any network without circles.
    gap : float
        Stop when the cost is proven to be at most this share above the least possible.
    time_limit : float, optional
        Seconds. The best found by then is kept, with its bound.
    seed : int
        Seed of the solver's random choices.
    log : bool
        Show the solver's own log.

    Returns
    -------
    GuaranteedService

    Raises
    ------
    DataError
        With all faults of the tables: unknown and doubled stages, circles, stages that nobody asks anything of, ...
    UsageError
        If an option is not valid, or a table is not a DataFrame.

    Notes
    -----
    With a stage's inbound service time SI (the longest of those it is quoted), its processing time T and the service
    time S that it quotes, the net replenishment time is SI + T - S >= 0 and the safety stock k sd √(SI + T - S).
    Times are whole periods: processing times and inbound service are rounded up and promises down, with a warning.

    The safety factor bounds the demand that is covered, like a cycle service level: **it is not a fill rate**. Stages
    deliver when the quoted time is over, not before; where they deliver at once, service is better and stock less.

    References
    ----------
    Simpson, K. F. (1958). In-process inventories. Operations Research 6(6).
    Graves, S. C., and Willems, S. P. (2000). Optimizing strategic safety stock placement in supply chains.
    Manufacturing & Service Operations Management 2(1), and erratum 5(2), 2003.

    Examples
    --------
    >>> import pandas as pd
    >>> found = guaranteed_service(
    ...     pd.DataFrame({"stage": ["plant", "shop"], "processing_time": [4, 1], "holding_cost": [1.0, 3.0],
    ...                   "safety_factor": 2.0, "demand_sd": [None, 10.0]}),
    ...     pd.DataFrame({"upstream": ["plant"], "downstream": ["shop"]}))
    >>> found.cost  # 1 * 2 * 10 * √4 + 3 * 2 * 10 * √1; all of it at the shop would cost 3 * 2 * 10 * √5
    100.0
    """
    options = Options(gap=gap, time_limit=time_limit, seed=seed, log=log)
    chain = read_stages(stages, arcs)
    program = guaranteed_service_program(chain)
    first = _start(chain)
    if not (chain.weight > 0).any():
        return _result(chain, program, first, 0.0, Status("optimal", "gap", "no stock costs anything"))
    found = Direct().find(Problem(program, options, _as_start(chain, program, first)))
    if found.stopped_by not in ("gap", "time_limit", "interrupt"):
        raise SolverError(f"the guaranteed service model was not solved: {found.detail}")
    return _judged(chain, program, first, found)


def _judged(chain: Stages, program: Program, first: Floats, found: Found) -> GuaranteedService:
    """The better of the plan found and the one to start from, with the bound that the search has proven."""
    outbound = first
    if found.plan is not None:
        block = program.variables["covered"]
        length = block.index["time"].astype(np.float64)
        covered = np.bincount(block.index["stage"], weights=found.plan[block.span] * length,
                              minlength=len(chain.axis))
        # Rounding gives whole times again, and with them whole service times.
        mended = chain.least_outbound(np.rint(covered))
        if (mended > chain.promise).any():
            raise SolverError("the solver's net replenishment times do not keep the promised service times")
        if _cost(chain, mended) <= _cost(chain, first):
            outbound = mended
    cost = _cost(chain, outbound)
    bound = min(max(found.bound, 0.0), cost)
    proven = cost - bound <= OPTIMAL_WITHIN * cost
    return _result(chain, program, outbound, bound,
                   Status("optimal" if proven else "feasible", found.stopped_by, found.detail))


def _start(chain: Stages) -> Floats:
    """The better of two plans that always hold: every stage delivers at once, or lets wait as long as it may."""
    at_once = np.zeros(len(chain.axis))
    late = at_once
    while True:  # a stage can quote at most the time that it needs itself; settled after as many rounds as levels
        later = np.minimum(chain.promise, chain.inbound_service(late) + chain.processing)
        if np.array_equal(later, late):
            break
        late = later
    return min((at_once, late), key=lambda outbound: _cost(chain, outbound))


def _as_start(chain: Stages, program: Program, outbound: Floats) -> tuple[Positions, Floats]:
    """Columns `covered` and their values where these service times are quoted."""
    block = program.variables["covered"]
    stage, time = block.index["stage"], block.index["time"]
    wanted = np.where(chain.weight > 0, _net(chain, outbound), chain.longest)
    return np.arange(block.span.start, block.span.stop), (time == wanted[stage]).astype(np.float64)


def _net(chain: Stages, outbound: Floats) -> Floats:
    """Net replenishment times."""
    return chain.inbound_service(outbound) + chain.processing - outbound


def _cost(chain: Stages, outbound: Floats) -> float:
    return math.fsum(chain.weight * np.sqrt(_net(chain, outbound)))


def _result(chain: Stages, program: Program, outbound: Floats, bound: float, status: Status) -> GuaranteedService:
    net = _net(chain, outbound)
    stock = chain.factor * chain.sd * np.sqrt(net)
    table = pd.DataFrame({
        "stage": pd.Series(chain.axis.labels, dtype="str"), "inbound_service": chain.inbound_service(outbound),
        "outbound_service": outbound, "net_replenishment_time": net, "demand_sd": chain.sd, "safety_stock": stock,
        "cost": chain.holding * stock})
    return GuaranteedService(_cost(chain, outbound), bound, table, status, chain.findings, program)
