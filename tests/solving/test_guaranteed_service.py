"""The guaranteed service model: published instances, every choice of service times counted, faults, and size."""

from __future__ import annotations

import itertools
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ctsopt.errors import DataError, UsageError
from ctsopt.solving.guaranteed_service import guaranteed_service

SHARED = Path(os.environ.get("CTSOPT_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


def chain(stages: dict, arcs: list[tuple], factor=1.0):
    """Tables from {stage: (processing_time, holding_cost, demand_sd, inbound_service, service_promise)}."""
    names = ["processing_time", "holding_cost", "demand_sd", "inbound_service", "service_promise"]
    table = pd.DataFrame.from_dict({k: (*v, *[None] * (5 - len(v))) for k, v in stages.items()}, orient="index",
                                   columns=names).rename_axis("stage").reset_index().assign(safety_factor=factor)
    return table, pd.DataFrame([(*a, 1.0)[:3] for a in arcs], columns=["upstream", "downstream", "usage"])


def line(*names):
    return list(itertools.pairwise(names))


SERIAL_10 = {str(i): (t, h) for i, t, h in zip(range(1, 11), (5, 10, 2, 15, 8, 5, 9, 5, 1, 5),
                                               (5.73, 4.56, 3.04, 2.93, 2.47, 2.37, 1.15, 1.10, 0.98, 0.87),
                                               strict=True)}

# Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd edition, chapter 6. Costs: the dynamic programme over trees
# of stockpyl 1.0.2 (the first four also printed in its documentation).
INSTANCES = {
    "example_6_3": (chain({"3": (1, 2, None, 1), "2": (0, 4), "1": (1, 7, 1, None, 1)}, line("3", "2", "1")),
                    2 * math.sqrt(2)),
    "problem_6_7": (chain({"3": (1, 2, None, 1), "2": (1, 3), "1": (2, 4, 10, None, 0)}, line("3", "2", "1"), 4.0),
                    160 * math.sqrt(5)),
    "problem_6_8": (chain(SERIAL_10 | {"1": (5, 5.73, 15.8, None, 3), "10": (5, 0.87, None, 7)},
                          line(*map(str, range(10, 0, -1))), 2.0537489106318225), 1378.3020369043727),
    "example_6_5": (chain({"1": (2, 1, None, 1), "3": (1, 2), "2": (1, 3, 1, None, 0), "4": (1, 3, 1, None, 1)},
                          [("1", "3"), ("3", "2"), ("3", "4")]), math.sqrt(6) + 2 * math.sqrt(2) + 3),
    "problem_6_9": (chain({"1": (7, 44 / 365, 4.1, None, 3), "2": (7, 28 / 365, 6.2, None, 3), "3": (21, 18 / 365),
                           "4": (3, 1 / 365), "5": (8, 4 / 365), "6": (2, 1.5 / 365)},
                          [("3", "1"), ("3", "2"), ("4", "3"), ("5", "3"), ("6", "5")], 4.0), 15.649530249501026),
    "figure_6_14": (chain({"1": (2, .01), "2": (3, .03), "3": (2, .04), "4": (4, .06), "5": (2, .12), "6": (3, .13),
                           "7": (6, .2), "8": (4, .08), "9": (3, .04), "10": (2, .5, 10, None, 2)},
                          [*line("1", "2", "3", "5", "6", "10"), ("4", "5"), ("7", "10"), ("8", "10"), ("9", "10")],
                          1.6448536269514722), 18.824004472592172),
}


@pytest.mark.parametrize("name", INSTANCES)
def test_published_instances(name):
    """The cost, never the service times: several choices may cost the same."""
    (stages, arcs), cost = INSTANCES[name]
    found = guaranteed_service(stages, arcs)
    assert found.cost == pytest.approx(cost, rel=1e-9)
    assert found.bound == pytest.approx(cost, rel=2e-6)
    assert found.bound <= found.cost
    assert found.status.solution == "optimal"
    assert found.stages["cost"].sum() == pytest.approx(cost, rel=1e-9)


def test_instances_are_those_of_the_shared_file():
    """The tables above are the published file's, read node by node."""
    path = SHARED / "stockpyl" / "stockpyl_instances.json"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    read = {i["name"]: i["data"] for i in json.loads(path.read_text())["instances"] if i["name"] in INSTANCES}
    assert set(read) == set(INSTANCES)
    for name, data in read.items():
        (stages, arcs), cost = INSTANCES[name]
        nodes = data["_nodes"]
        theirs = pd.DataFrame([{
            "stage": str(n["_index"]), "processing_time": n["processing_time"], "holding_cost": n["local_holding_cost"],
            "safety_factor": n["demand_bound_constant"], "demand_sd": n["demand_source"]["standard_deviation"],
            "inbound_service": n["external_inbound_cst"], "service_promise": n["external_outbound_cst"]}
            for n in nodes])
        pairs = [(str(n["_index"]), str(k)) for n in nodes for k in n["_successor_indices"]]
        order = dict.fromkeys(stages["stage"])
        pd.testing.assert_frame_equal(theirs.set_index("stage").loc[list(order)].astype(float),
                                      stages.set_index("stage")[theirs.columns[1:]].astype(float), rtol=1e-12)
        assert sorted(pairs) == sorted(zip(arcs["upstream"], arcs["downstream"], strict=True))
        found = guaranteed_service(theirs, pd.DataFrame(pairs, columns=["upstream", "downstream"]))
        assert found.cost == pytest.approx(cost, rel=1e-9)


# ---- every choice counted ------------------------------------------------------------------------------------------


def counted(stages: pd.DataFrame, arcs: pd.DataFrame) -> float:
    """Least cost over all whole outbound service times; demand at a stage by walking every way."""
    rows = stages.set_index("stage").to_dict("index")
    uses = {name: [] for name in rows}
    supplies = {name: [] for name in rows}
    for a, b, usage in arcs[["upstream", "downstream", "usage"]].itertuples(index=False):
        uses[a].append((b, usage))
        supplies[b].append(a)

    def units(start, end):
        return float(start == end) + sum(u * units(b, end) for b, u in uses[start])

    def longest(name):
        row = rows[name]
        return row["processing_time"] + max([row["inbound_service"], *(longest(a) for a in supplies[name])])

    sd = {n: math.sqrt(sum((units(n, d) * row["demand_sd"]) ** 2 for d, row in rows.items()
                           if not math.isnan(row["demand_sd"]))) for n in rows}
    least = math.inf
    choices = [range(int(min(longest(n), row["service_promise"])) + 1) for n, row in rows.items()]
    for outbound in itertools.product(*choices):
        quoted = dict(zip(rows, outbound, strict=True))
        net = {n: max([row["inbound_service"], *(quoted[a] for a in supplies[n])]) + row["processing_time"] - quoted[n]
               for n, row in rows.items()}
        if min(net.values()) >= 0:
            least = min(least, sum(row["holding_cost"] * row["safety_factor"] * sd[n] * math.sqrt(net[n])
                                   for n, row in rows.items()))
    return least


def some_network(rng, size: int):
    """A random network without circles in which ways part and meet again; goods gain value downstream, mostly."""
    names = [f"S{i}" for i in range(size)]
    arcs = [(names[i], names[j], float(rng.integers(1, 4))) for i in range(size) for j in range(i + 1, size)
            if j == i + 1 or rng.random() < 0.4]
    arcs = [a for a in arcs if rng.random() < 0.9]
    ends = set(names) - {a for a, _, _ in arcs}
    own = [name in ends or rng.random() < 0.2 for name in names]
    stages = pd.DataFrame({
        "stage": names, "processing_time": rng.integers(0, 4, size), "inbound_service": rng.integers(0, 3, size),
        "holding_cost": rng.uniform(0.5, 1.5, size) * (1 + np.arange(size)),
        "safety_factor": rng.uniform(1, 2.5, size),
        "demand_sd": np.where(own, rng.uniform(1, 20, size), np.nan),
        "service_promise": np.where(own, rng.integers(0, 3, size), np.inf)})
    return stages, pd.DataFrame(arcs, columns=["upstream", "downstream", "usage"])


@pytest.mark.parametrize("seed", range(12))
def test_every_choice_counted(seed):
    """The least cost over all whole service times, with demand added up by walking every way."""
    rng = np.random.default_rng(seed)
    stages, arcs = some_network(rng, 4 if seed % 3 else 5)
    found = guaranteed_service(stages.replace({"service_promise": {np.inf: np.nan}}), arcs, gap=0.0)
    assert found.cost == pytest.approx(counted(stages, arcs), rel=1e-9)
    assert found.bound == pytest.approx(found.cost, rel=1e-6)


def test_halved_time_is_no_better():
    """Whole times are enough: with all times doubled (half periods), the least cost is √2 times as much."""
    rng = np.random.default_rng(5)
    stages, arcs = some_network(rng, 5)
    stages = stages.replace({"service_promise": {np.inf: np.nan}})
    doubled = stages.assign(**{c: 2 * stages[c] for c in ("processing_time", "inbound_service", "service_promise")})
    assert guaranteed_service(doubled, arcs, gap=0.0).cost == pytest.approx(
        math.sqrt(2) * guaranteed_service(stages, arcs, gap=0.0).cost, rel=1e-9)


# ---- what the figures mean -----------------------------------------------------------------------------------------


def test_demand_where_ways_part_and_meet_again():
    """A makes one part for B and two for C, D takes one B and three C: 1 + 2·3 = 7 units of A in a unit of D.

    The variances of the two ways do not add up (√(1 + 36) = 6.08): it is the same demand that comes over both.
    """
    stages, arcs = chain({"A": (1, 1), "B": (1, 2), "C": (1, 2), "D": (1, 9, 10, None, 0), "E": (1, 5, 4, None, 0)},
                         [("A", "B"), ("A", "C", 2.0), ("B", "D"), ("C", "D", 3.0), ("C", "E", 0.5)])
    found = guaranteed_service(stages, arcs).stages.set_index("stage")
    assert found["demand_sd"].to_dict() == pytest.approx(
        {"A": math.hypot(70, 2 * 0.5 * 4), "B": 10, "C": math.hypot(30, 2), "D": 10, "E": 4})


def test_stock_of_a_choice_by_hand():
    """Plant 4 periods, shop 1 period: the plant delivers at once, 2·10·√4 units there and 2·10·√1 at the shop."""
    stages, arcs = chain({"plant": (4, 1), "shop": (1, 3, 10)}, [("plant", "shop")], 2.0)
    found = guaranteed_service(stages, arcs)
    table = found.stages.set_index("stage")
    assert table.loc["plant"].tolist() == [0, 0, 4, 10, 40, 40]
    assert table.loc["shop"].tolist() == [0, 0, 1, 10, 20, 60]
    assert "2 of 2 stages" in str(found)
    # Where stock at the plant is as dear as at the shop, one stock for five periods is cheaper: 3·2·10·√5 = 134.16.
    dear = guaranteed_service(stages.assign(holding_cost=3.0), arcs)
    assert dear.cost == pytest.approx(60 * math.sqrt(5))
    assert dear.stages["safety_stock"].tolist() == pytest.approx([0, 20 * math.sqrt(5)])


def test_the_program_by_hand():
    """Problem 6.7: stages 3 and 2 have at most 2 and 3 periods to cover, stage 1, which delivers at once, 2 to 5.

    To cover t periods at stage 1 costs 4 · 4 · 10 √t. At the optimum it covers all 5: stages 3 and 2 quote 2 and 3.
    """
    (stages, arcs), cost = INSTANCES["problem_6_7"]
    program = guaranteed_service(stages, arcs).program
    named = dict(zip(program.column_names(), zip(program.arrays.cost, program.arrays.upper, strict=True), strict=True))
    assert [n for n in named if n.startswith("covered[1")] == [f"covered[1,{t}]" for t in range(2, 6)]
    assert [n for n in named if n.startswith("covered[3")] == [f"covered[3,{t}]" for t in range(3)]
    for stage, holding, t in (("3", 2, 1), ("3", 2, 2), ("2", 3, 0), ("2", 3, 3), ("1", 4, 2), ("1", 4, 5)):
        assert named[f"covered[{stage},{t}]"][0] == pytest.approx(holding * 40 * math.sqrt(t))
    assert [named[f"outbound[{stage}]"] for stage in "321"] == [(0, 2), (0, 3), (0, 0)]
    assert [named[f"inbound[{stage}]"] for stage in "321"] == [(0, 1), (0, 2), (0, 3)]

    best = {"covered[3,0]": 1, "covered[2,0]": 1, "covered[1,5]": 1, "outbound[3]": 2, "outbound[2]": 3,
            "inbound[3]": 1, "inbound[2]": 2, "inbound[1]": 3}
    plan = np.array([float(best.get(name, 0)) for name in named])
    sides = program.matrix() @ plan
    assert (program.arrays.row_lower - 1e-12 <= sides).all()
    assert (sides <= program.arrays.row_upper + 1e-12).all()
    assert float(program.arrays.cost @ plan) == pytest.approx(cost)
    plan[list(named).index("outbound[3]")] = 3  # later than stage 2 counts on
    assert (program.matrix() @ plan < program.arrays.row_lower - 0.5).any()


def test_a_stage_alone():
    """Without arcs: (2 + 3 - 1) periods to cover."""
    stages, _ = chain({"depot": (3, 2, 5, 2, 1)}, [])
    found = guaranteed_service(stages)
    assert found.cost == pytest.approx(2 * 5 * 2)
    assert found.stages["inbound_service"].tolist() == [2]


def test_its_safety_factor_is_not_a_fill_rate():
    """Trap 17. One stage, one period: k = 1.2816 covers demand in 90 % of periods (P(Z <= k)), and delivers far
    more than 90 % of units: 1 - sd G(k) / mean = 0.986 with mean 100 and sd 30 (G(1.2816) = 0.04734).
    """
    stages, _ = chain({"depot": (1, 1, 30)}, [], 1.2815515655446004)
    stock = guaranteed_service(stages).stages["safety_stock"].item()
    rng = np.random.default_rng(3)
    demand = rng.normal(100, 30, 2_000_000)
    short = np.maximum(demand - (100 + stock), 0)
    assert np.mean(short == 0) == pytest.approx(0.9, abs=1e-3)
    assert 1 - short.sum() / demand.sum() == pytest.approx(1 - 30 * 0.0473428 / 100, abs=2e-4)
    # So the factor of a fill rate of 90 % would be much smaller: G^-1(0.1 * 100 / 30) = 0.14.
    assert stock == pytest.approx(38.4465, abs=1e-4)


def test_broken_times_are_rounded_to_the_safe_side():
    """Processing 1.2 becomes 2 and outside supply 0.5 becomes 1, a promise of 1.9 becomes 1; 3 · 0.1 / 0.1 is 3."""
    stages, arcs = chain({"plant": (1.2, 1, None, 0.5), "shop": (0.3 / 0.1, 3, 10, None, 1.9)}, [("plant", "shop")])
    found = guaranteed_service(stages, arcs)
    whole = chain({"plant": (2, 1, None, 1), "shop": (3, 3, 10, None, 1)}, [("plant", "shop")])
    assert found.cost == pytest.approx(guaranteed_service(*whole).cost, rel=1e-12)
    said = {(f.rule, f.column): (list(f.rows), list(f.values)) for f in found.findings}
    assert said == {("broken_time", "processing_time"): ([0], ["1.2"]), ("broken_time", "inbound_service"):
                    ([0], ["0.5"]), ("broken_time", "service_promise"): ([1], ["1.9"])}
    assert all(f.severity == "warning" for f in found.findings)


def test_certain_demand_and_free_stock():
    """Demand that is certain needs no stock; stock that costs nothing takes the whole wait upon itself."""
    stages, arcs = chain({"plant": (4, 1), "shop": (1, 3, 0)}, [("plant", "shop")])
    nothing = guaranteed_service(stages, arcs)
    assert (nothing.cost, nothing.bound, nothing.gap) == (0.0, 0.0, 0.0)
    stages, arcs = chain({"plant": (4, 0), "shop": (1, 3, 10)}, [("plant", "shop")])
    free = guaranteed_service(stages, arcs)
    assert free.cost == pytest.approx(30)
    assert free.stages["safety_stock"].tolist() == pytest.approx([20, 10])


# ---- faults --------------------------------------------------------------------------------------------------------


def faults(stages, arcs):
    with pytest.raises(DataError) as error:
        guaranteed_service(stages, arcs)
    return {(f.rule, f.table, f.column): (list(f.rows), list(f.values)) for f in error.value.findings.errors}, \
        str(error.value)


def test_a_circle():
    stages, arcs = chain({"A": (1, 1), "B": (1, 1), "C": (1, 1, 5), "D": (1, 1, 5)},
                         [("A", "B"), ("B", "A"), ("B", "C"), ("D", "D")])
    found, text = faults(stages, arcs)
    assert found == {("circle", "arcs", ""): ([0, 1, 3], ["A -> B", "B -> A", "D -> D"])}
    assert "against the flow of goods" in text


def test_all_faults_at_once():
    stages, arcs = chain({"plant": (-1, 1), "shop": (1, "dear", 10)}, [("plnt", "shop"), ("plant", "store", 0)])
    found, text = faults(stages.rename(columns={"service_promise": "service_promis"}), arcs)
    assert set(found) == {("unknown_column", "stages", "service_promis"), ("below_bound", "stages", "processing_time"),
                          ("not_a_number", "stages", "holding_cost"), ("unknown_reference", "arcs", "upstream"),
                          ("unknown_reference", "arcs", "downstream"), ("below_bound", "arcs", "usage")}
    assert "did you mean 'plant'?" in text
    assert "did you mean 'service_promise'?" in text


def test_doubled_stages_and_arcs():
    stages, arcs = chain({"plant": (1, 1), "shop": (1, 2, 10)}, [("plant", "shop"), ("plant", "shop", 2.0)])
    assert set(faults(stages, arcs)[0]) == {("duplicate_key", "arcs", "upstream, downstream")}
    assert set(faults(pd.concat([stages, stages]), arcs)[0]) >= {("duplicate_key", "stages", "stage")}


def test_stages_that_nobody_asks_anything_of():
    """D supplies nobody and has no demand; without demand at B, nobody asks A for anything either."""
    stages, arcs = chain({"A": (1, 1), "B": (1, 2, None), "C": (1, 2, 4), "D": (1, 2, None)}, [("A", "B")])
    found, text = faults(stages, arcs)
    assert found == {("no_demand", "stages", "demand_sd"): ([0, 1, 3], ["A", "B", "D"])}
    assert "0 for demand that is certain" in text


def test_missing_columns_blank_names_and_no_rows():
    stages, arcs = chain({"plant": (1, 1), "shop": (1, 2, 10)}, [("plant", "shop")])
    assert set(faults(stages.drop(columns="safety_factor"), arcs)[0]) == {("missing_column", "stages", "safety_factor")}
    assert set(faults(stages.assign(stage=[None, "shop"]), arcs)[0]) == {("blank", "stages", "stage")}
    assert ("empty_table", "stages", "") in faults(stages.iloc[:0], arcs)[0]


def test_times_too_fine_and_wrong_calls():
    stages, arcs = chain({"shop": (3_000_000, 2, 10)}, [])
    assert set(faults(stages, arcs)[0]) == {("too_many_times", "stages", "processing_time")}
    with pytest.raises(UsageError, match="DataFrame is needed, not dict"):
        guaranteed_service({"stage": ["A"]}, arcs)
    with pytest.raises(UsageError, match="gap = -1"):
        guaranteed_service(*INSTANCES["example_6_3"][0], gap=-1)


# ---- size ----------------------------------------------------------------------------------------------------------


def layers(seed: int, depth: int, width: int):
    """Layers of stages: each supplies one of the next layer, and about every other one a second."""
    rng = np.random.default_rng(seed)
    names = np.array([[f"L{k}-{i}" for i in range(width)] for k in range(depth)])
    arcs = [(a, b) for k in range(depth - 1)
            for a, b in zip(names[k], rng.permutation(names[k + 1]), strict=True)]
    arcs += [(a, b) for k in range(depth - 1) for a, b in zip(names[k], rng.permutation(names[k + 1]), strict=True)
             if (a, b) not in set(arcs) and rng.random() < 0.5]
    last = np.arange(depth * width) >= (depth - 1) * width
    stages = pd.DataFrame({
        "stage": names.ravel(), "processing_time": rng.integers(1, 6, depth * width), "safety_factor": 1.645,
        "holding_cost": np.repeat(np.arange(1, depth + 1), width) * rng.uniform(0.5, 1.5, depth * width),
        "demand_sd": np.where(last, rng.uniform(1, 20, depth * width), np.nan),
        "service_promise": np.where(last, rng.integers(0, 3, depth * width), np.nan)})
    return stages, pd.DataFrame(arcs, columns=["upstream", "downstream"])


def test_eighty_stages():
    """Solved to a proof; every stage's figures follow from its neighbours' service times."""
    stages, arcs = layers(2, 5, 16)
    found = guaranteed_service(stages, arcs, gap=1e-4, time_limit=60)
    assert found.gap <= 1e-4
    table = found.stages.set_index("stage")
    quoted = arcs.assign(time=arcs["upstream"].map(table["outbound_service"])).groupby("downstream")["time"].max()
    ready = quoted.reindex(table.index).fillna(0)
    pd.testing.assert_series_equal(table["inbound_service"], ready, check_names=False)
    time_of = stages.set_index("stage")["processing_time"].reindex(table.index)
    net = ready + time_of - table["outbound_service"]
    assert net.tolist() == table["net_replenishment_time"].tolist()
    assert net.min() >= 0
    limit = stages.set_index("stage")["service_promise"].reindex(table.index).fillna(np.inf)
    assert (table["outbound_service"] <= limit).all()


@pytest.mark.slow
def test_a_limit_in_time_leaves_a_plan_and_a_bound():
    """A chain with far too many choices for a fiftieth of a second still has a plan, and a bound that holds."""
    stages, arcs = layers(4, 8, 25)
    begin = time.process_time()
    short = guaranteed_service(stages, arcs, time_limit=0.02)
    assert time.process_time() - begin < 20
    assert short.status.stopped_by == "time_limit"
    longer = guaranteed_service(stages, arcs, time_limit=4)
    assert 0 <= short.bound <= longer.cost <= short.cost
    assert 0 < longer.bound <= longer.cost


@pytest.mark.parametrize("size", [20, 40])
def test_a_long_chain(size):
    """Serial chains: the optimum is all or nothing at every stage (Simpson 1958), found by dynamic programming."""
    rng = np.random.default_rng(size)
    times = rng.integers(0, 5, size)
    holding = np.cumsum(rng.uniform(0, 1, size))
    names = [f"S{i:04}" for i in range(size)]
    stages = pd.DataFrame({"stage": names, "processing_time": times, "holding_cost": holding, "safety_factor": 1.0,
                           "demand_sd": [None] * (size - 1) + [1.0]})
    found = guaranteed_service(stages, pd.DataFrame(line(*names), columns=["upstream", "downstream"]), gap=1e-4,
                               time_limit=120)
    since = np.concatenate([[0], np.cumsum(times)])
    best = np.zeros(size + 1)  # least cost of the first stages where the last of them delivers at once
    for i in range(1, size + 1):
        best[i] = np.min(best[:i] + holding[i - 1] * np.sqrt(since[i] - since[:i]))
    assert found.gap <= 1e-4
    assert found.cost == pytest.approx(best[-1], rel=2e-4)
    assert found.bound <= best[-1] * (1 + 1e-9)
