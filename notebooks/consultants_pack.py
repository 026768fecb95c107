# %% [markdown]
# # The consultant's pack
#
# From a file of what-ifs to a workbook, a page and figures, on the example network `two_dcs`, which fits on paper:
# every figure here can be checked with a calculator and the README of the model. It needs the extra `report`
# (`pip install 'ctsopt[report]'`). The notebook with what it prints, `consultants_pack.ipynb`, is made by
# `make notebooks` from `consultants_pack.py`, which is plain Python. Every change of ctsopt is tried on it from top to
# bottom: what it asserts holds.

# %% [markdown]
# ## What is to be compared
#
# A pack names a model and changes it. This one states today as it is run (last year's sourcing, fixed), today at its
# best, and ideas; a sweep of one thing at a time; two states of demand; and what the comparison is to show.

# %%
from __future__ import annotations

import tempfile
from pathlib import Path

import openpyxl
import pandas as pd

import ctsopt as cts
from ctsopt.report import figures, write_html, write_workbook

pd.set_option("display.width", 120, "display.max_columns", 12, "display.max_colwidth", 40)

PACK = """
schema: ctsopt/pack/1
pack: fewer_promises
model: two_dcs
baseline: as_modelled
solve: {gap: 0}

overrides:
  west_was_opened:
    - {table: sites, where: {site: West}, set: {status: open, may_close: true, opening_cost: 0}}
  sites_stay:
    - {table: sites, where: {kind: dc}, set: {may_close: false, closing_cost: 0}}
  sourcing_of_last_year:
    - {table: lanes, where: {destination: [A, B, C, D]}, set: {status: closed}}
    - table: lanes
      update: [{origin: East, destination: A, mode: "*", status: open},
               {origin: East, destination: B, mode: "*", status: open},
               {origin: West, destination: C, mode: "*", status: open},
               {origin: East, destination: D, mode: "*", status: open}]
  gold_in_two_days: [{table: promises, where: {tier: gold}, set: {lead_time: 2}, expect: {rows: 1}}]
  dear_fuel: [{table: modes, where: {mode: carrier}, add: {fuel_surcharge: 0.1}}]
  growth: [{table: demand, scale: {quantity: 1.05}}]

scenarios:
  today: {apply: [west_was_opened], note: "Today's sites and promises, flows free"}
  as_is: {extends: today, apply: [sites_stay, sourcing_of_last_year], note: "Last year's sourcing"}
  patient: {extends: today, apply: [gold_in_two_days], note: Gold gets two days}
  stress: {extends: patient, apply: [dear_fuel, growth], note: "Two days, dear fuel, more to deliver"}

sweeps:
  sensitivity:
    from: today
    combine: one_at_a_time
    axes:
      fuel: {table: modes, where: {mode: carrier}, op: add, column: fuel_surcharge, values: [-0.05, 0.05]}
      demand: {table: demand, op: scale, column: quantity, values: [0.95, 1.05]}
      west: {table: sites, where: {site: West}, op: scale, column: fixed_cost, values: [0.5, 1.5]}

states:
  low: {probability: 0.4, apply: [{table: demand, scale: {quantity: 0.85}}]}
  high: {probability: 0.6, apply: [{table: demand, scale: {quantity: 1.05}}]}

compare:
  against: today
  as_is: as_is
  regret: states
  bridge: [{to: stress, method: shapley}, {to: stress}]
  tornado: sensitivity
  pareto: within_1
"""

work = tempfile.TemporaryDirectory()
folder = Path(work.name)
file = folder / "fewer_promises.yaml"
_ = file.write_text(PACK.lstrip(), encoding="utf-8")

# %% [markdown]
# ## Look before you solve
#
# `check_pack` lists every fault with its line. A typo costs a second here, and a study later.

# %%
typo = folder / "typo.yaml"
typo.write_text(PACK.lstrip().replace("lead_time: 2}", "leed_time: 2}"), encoding="utf-8")
print(cts.check_pack(typo))
assert [f.rule for f in cts.check_pack(typo).errors] == ["unknown_column"]

findings = cts.check_pack(file)
assert not findings.errors
pack = cts.read_pack(file)
print(pd.Series([case.kind for case in pack.cases]).value_counts().to_string())
print(pack.diff("stress")[["table", "key", "column", "old", "new", "source"]].to_string())

# %% [markdown]
# ## Solve
#
# What was solved before comes from the cache; cases of bridges are solved beside the scenarios.

# %%
assert "today ~ 1+2 of stress" in pack.names
result = cts.run(pack, workers=1, cache=folder / "cache")
print(result)
assert not result.failed

# %% [markdown]
# ## What is proven
#
# First what was changed, then cost, difference and verdict. The saving against last year is split in two: better use of
# what is there, and the idea. The first part would be had without the idea.

# %%
comparison = result.compare()
cost = comparison.scenarios.set_index("scenario")["cost"]
assert cost[["today", "as_is", "patient"]].round(2).tolist() == [623_500, 630_000, 622_000]
split = comparison.bases.set_index("scenario").loc["patient"]
assert split[["better_use_point", "idea_point", "total_point"]].round(2).tolist() == [-6_500, -1_500, -8_000]
comparison

# %% [markdown]
# ## Bridges
#
# Three things lie between `today` and `stress`. Alone they do one thing, together another: dearer fuel costs more where
# goods go further. `steps` shows what is left over, `shapley` shares it out. Both add up to the difference.

# %%
bridges = comparison.bridges
for method, rows in bridges.groupby("method", sort=False):
    print(method, rows[["part", "kind", "low", "point", "high"]].to_string(index=False), sep="\n")
    parts = rows.loc[rows["kind"].isin(["line", "override", "interaction"]), "point"].sum()
    assert abs(parts - (cost["stress"] - cost["today"])) < 0.01

shapley = bridges[bridges["method"] == "shapley"]
waterfall = figures.bridge(shapley, comparison.currency)
by_line = figures.cost_bridge(comparison, "stress")
print(f"{len(waterfall.data)} and {len(by_line.data)} traces")

# %% [markdown]
# ## What moves the cost, and what service it buys
#
# The tornado has one bar per axis, the one that moves the cost most first. The front holds cost against the share of
# demand that comes within a day: `patient` is cheaper and slower, so neither it nor `today` is dominated.

# %%
print(comparison.tornado[["axis", "value", "low", "point", "high"]].to_string(index=False))
front = comparison.pareto[comparison.pareto["measure"] == "within_1"].set_index("scenario")
print(front[["service", "cost", "status", "dominated_by"]].to_string())
assert front.loc[["today", "patient"], "status"].tolist() == ["front", "front"]
assert front.loc["as_is", ["status", "dominated_by"]].tolist() == ["dominated", "today"]
drawn = [figures.tornado(comparison), figures.frontier(comparison, "within_1"), figures.regret(comparison)]
print([len(figure.data) for figure in drawn])

# %% [markdown]
# ## Regret
#
# Each scenario is solved in each state of demand. The choice whose largest regret is smallest is marked.

# %%
print(comparison.regret.to_string(index=False))
assert (comparison.regret["worst_low"] <= comparison.regret["worst_high"]).all()

# %% [markdown]
# ## Hand it over
#
# A page for those who decide, a workbook for those who check. Below every table of the workbook, live formulas
# reconcile it with the cost of each plan; the summary holds all of them.

# %%
page = write_html(result, folder / "report.html", comparison)
workbook = write_workbook(result, folder / "pack.xlsx", comparison)
print(page.name, workbook.name)

book = openpyxl.load_workbook(workbook, data_only=True)
checks = [row[:3] for row in book["Summary"].iter_rows(values_only=True) if row[0] in book.sheetnames and row[1]]
for sheet, what, difference in checks:
    print(f"{sheet}: {what}: {difference:g}")
assert len(checks) >= 13
assert all(difference == 0 for _, _, difference in checks)
work.cleanup()
