# %% [markdown]
# # The designer's tour
#
# From tables to a plan, and to what a promise costs, on the example network `retail_us`. It takes half a minute.
# The notebook with what it prints, `designers_tour.ipynb`, is made by `make notebooks` from `designers_tour.py`, which
# is plain Python. Every change of ctsopt is tried on it from top to bottom: what it asserts holds.

# %% [markdown]
# ## Read, and look before you solve
#
# `check` lists everything that is wrong with the tables at once. A network that has been read has no faults left, but
# it may have warnings.

# %%
from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

import ctsopt as cts
from ctsopt import examples

pd.set_option("display.width", 120, "display.max_columns", 12, "display.max_colwidth", 40)

source = examples.path("retail_us")  # or a folder or workbook of yours
print(cts.check(source))
net = cts.read(source)
net

# %% [markdown]
# The summary says what the network holds: sizes, demand, promises and limits; how many ways were left out, and why; who
# has no choice, and where time is short. Figures that look odd are best found here.

# %%
held = net.summary()
print(held)
print(held.requests.head(3))  # the requests with the fewest choices
assert held.frame().query("section == 'findings'").empty

# %% [markdown]
# The program has ranges of figures of its own. A solver loses digits where they are very wide, which mostly comes from
# a figure in another unit, or from a large number that stands for "no limit"; a warning then names the table column.

# %%
ranges = cts.program(net).ranges()
print(ranges)
assert ranges.warnings == []

# %% [markdown]
# ## Solve
#
# The gap is proven: no plan is cheaper than the bound. Here the solver may stop at half a percent.

# %%
sol = cts.solve(net, gap=0.005, time_limit=120)
assert sol.gap <= 0.005
assert sol.service["kept"].all()
sol

# %% [markdown]
# ## Key figures
#
# One row for each figure, the same rows for every plan: they are what scenarios are compared by. The lines of the
# profit-and-loss account are those of `sol.costs`. A cost per unit is an average; it is no price.

# %%
figures = sol.kpis(within=(1, 2, 3), distances=(250, 500))
told = ((figures["value"] > 0) | (figures["text"] != "")) & (figures["kpi"] != "seconds")
shown = figures[told].set_index(["section", "kpi", "by"])
words = shown["value"].map("{:,.3f}".format).mask(shown["value"].isna(), shown["text"])
print(shown.assign(value=words)[["value", "unit"]].to_string())
print(shown.loc[("network", "sites_opened", "dc"), "text"])
lines = figures.loc[figures["kpi"] == "cost_line", "value"]
assert abs(lines.sum() - sol.total_cost) < 0.01

# %% [markdown]
# ## Promises
#
# What is promised stands under its name in the table `promises`, what the plan gives under the same name with
# `_achieved`.

# %%
sol.service[["tier", "product_class", "lead_time", "lead_time_achieved", "on_time_share", "on_time_share_achieved",
             "served_fraction", "served_fraction_achieved", "kept"]].round(3)

# %% [markdown]
# ## Cost-to-serve
#
# Every amount is traced to the customer, tier and product that it was spent for. The rows add up to the cost of the
# plan.

# %%
served = sol.cost_to_serve(by=["tier"])
assert abs(served.loc["total", "total"] - sol.total_cost) < 0.01
served.T.map("{:,.2f}".format)

# %% [markdown]
# Sites that stand half empty are paid for by those who use them. Where capacity that is not used is to be nobody's, it
# goes to the row `unassigned`; the total stays.

# %%
practical = sol.with_drivers(idle="unassigned").cost_to_serve(by=["tier"])
print(practical[["units", "site_fixed", "cost", "cost_per_unit"]].to_string(float_format="{:,.2f}".format))
assert abs(practical.loc["total", "total"] - sol.total_cost) < 0.01

# %% [markdown]
# ## What a promise costs
#
# An edit returns a new, fully checked network. Each solution is known within its gap only, so the difference of two is
# an interval: `low` and `high` are proven.


# %%
def with_promise(column: str, value: float) -> cts.Network:
    """The network with another promise to silver, in all classes that have no promise of their own."""
    promises = net.tables["promises"]
    promises.loc[(promises["tier"] == "silver") & (promises["product_class"] == "*"), column] = value
    return net.with_table("promises", promises)


looser = cts.solve(with_promise("lead_time", 4.0), gap=0.005, time_limit=120, start=sol)
tighter = cts.solve(with_promise("on_time_share", 0.95), gap=0.005, time_limit=120, start=sol)
print(f"silver within 4 days instead of 3 costs {looser - sol} USD a year")
print(f"95 % of silver on time instead of 90 % costs {tighter - sol} USD a year")
print("would a surcharge of 5 million a year cover the tighter one?", (tighter - sol).verdict(price=5e6))
assert (looser - sol).low <= 0  # what asks for less cannot be dearer
assert (tighter - sol).high >= 0

# %% [markdown]
# ## What binds
#
# Limits that are used up, and sites that are full: the first places to ask what more room would bring. A shadow price
# says what one unit more would save while the same sites are open; with other sites open it may be more.

# %%
limits = sol.limits.assign(left=sol.limits["most"] - sol.limits["used"])
print(limits.sort_values("left").to_string())
full = sol.sites[sol.sites["open"] & (sol.sites["utilisation"] > 0.999)]
print(full[["site", "throughput", "capacity", "capacity_unit"]].to_string())
assert (limits["left"] >= -1e-6 * limits["most"]).all()
print(cts.shadow_prices(sol).to_string(float_format="{:,.2f}".format))

# %% [markdown]
# ## The network as a graph
#
# The network and the plan are graphs of `networkx`: `net.graph()` has every lane,
# `sol.graph()` those that carry goods.

# %%
import networkx as nx

whole, used = net.graph(), sol.graph()
print(f"{whole.number_of_nodes()} places, {whole.number_of_edges():,} lanes, {used.number_of_edges():,} of them used")
sources = pd.Series(dict(used.in_degree(net.tables["customers"]["customer"])), name="lanes")
print(f"lanes into a customer: {sources.mean():.2f} on average, {sources.max()} at most")
supplied = nx.descendants(used, "Port Long Beach CA")
print(f"goods from the port of Long Beach pass or reach {len(supplied):,} places")
sent = pd.Series(dict(used.out_degree(sol.sites.query("open")["site"], weight="quantity")), name="units")
print(sent.sort_values(ascending=False).head(5).to_string(float_format="{:,.0f}".format))
assert used.number_of_edges() <= whole.number_of_edges()

# %% [markdown]
# ## Keep it
#
# A saved solution holds the network, every table and the record of the run: Parquet and JSON, nothing that runs code
# when it is read.

# %%
with tempfile.TemporaryDirectory() as folder:
    sol.save(Path(folder) / "silver_3_days")
    again = cts.load(Path(folder) / "silver_3_days")
assert again.net == net
assert again.total_cost == sol.total_cost
print(repr(again))
