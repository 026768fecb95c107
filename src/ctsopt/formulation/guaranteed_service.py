"""The guaranteed service model of safety stock in a multi-echelon network, as a program of its own.

Every stage quotes a service time within which it delivers for certain, as long as demand stays within a bound: over t
periods at most the mean and k standard deviations, k sd √t. It needs stock for its net replenishment time: the time
until its own goods are there, less the service time that it quotes. The longer a stage lets others wait, the less
stock it holds, and the more the next one (Simpson 1958; Graves and Willems 2000, with the erratum of 2003).

The cost is concave in the net replenishment times, which are whole at an optimum where all times are: with the net
replenishment times given, service times follow from rows that are differences of two columns. So there is one whole
variable for each net replenishment time of each stage, and the program is exact (no √ is cut into pieces).
"""

from __future__ import annotations

import numpy as np

from ctsopt.keys import Axis, Keys
from ctsopt.networks.stages import Stages
from ctsopt.programs.algebra import Variable
from ctsopt.programs.program import Program


def guaranteed_service_program(chain: Stages, name: str = "guaranteed service") -> Program:
    """The program of a supply chain.

    Parameters
    ----------
    chain : Stages
    name : str

    Returns
    -------
    Program
        Variables `covered[stage,time]` in {0, 1} (stock covers so many periods), `inbound[stage]` and
        `outbound[stage]` (service times, periods). Rows `one_time` (sum over t of covered = 1), `cover`
        (sum over t of t covered >= inbound + processing_time - outbound) and `supplied`
        (inbound[downstream] >= outbound[upstream]). Cost line `safety_stock`
        (sum of holding_cost k sd √t covered, money per period).
    """
    program = Program(name)
    stage = Keys.make({"stage": chain.axis}, stage=np.arange(len(chain.axis)))
    pair, time = _times(chain)
    covered = program.add_variable("covered", Variable(pair, upper=1.0, integer=True))
    inbound = program.add_variable("inbound", Variable(stage, chain.inbound, chain.longest - chain.processing))
    outbound = program.add_variable("outbound", Variable(stage, upper=np.minimum(chain.promise, chain.longest)))

    program.add_rows("one_time", covered.per(stage) == 1.0, meaning="sum over t of covered[i,t] == 1")
    program.add_rows("cover", (covered * time).per(stage) + outbound - inbound >= chain.processing,
                     meaning="sum over t of t * covered[i,t] >= inbound[i] + processing_time[i] - outbound[i]")
    if len(chain.up):
        arc = Keys.make({"upstream": chain.axis, "downstream": chain.axis}, upstream=chain.up, downstream=chain.down)
        program.add_rows("supplied", inbound.at(arc, on={"stage": "downstream"})
                         >= outbound.at(arc, on={"stage": "upstream"}),
                         meaning="inbound[i] >= outbound[j] where j supplies i")
    program.add_cost("safety_stock", covered * (chain.weight[pair["stage"]] * np.sqrt(time)), "variable",
                     "holding_cost * safety_factor * sd * √t for the net replenishment time t of each stage")
    return program


def _times(chain: Stages) -> tuple[Keys, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """The net replenishment times that each stage may have, and their lengths.

    The least is what is left where the stage quotes its longest service time after the shortest wait for its own
    goods. Where stock costs nothing, the longest time does.
    """
    most = chain.longest
    least = np.maximum(chain.inbound + chain.processing - chain.promise, 0.0)
    least = np.where(chain.weight > 0, least, most)
    counts = (most - least + 1).astype(np.int64)
    stage = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(stage)) - np.repeat(np.cumsum(counts) - counts, counts)
    time = (least[stage] + within).astype(np.int64)
    axis = Axis("time", [str(t) for t in range(int(most.max()) + 1)])
    return Keys.make({"stage": chain.axis, "time": axis}, stage=stage, time=time), time.astype(np.float64)
