"""What stands in every table of a comparison and of a run: unit, kind and meaning of every column."""

from __future__ import annotations

from ctsopt.results.schema import Column, Table, text

_ENDS = {"low": "at least", "point": "by the plans", "high": "at most"}


def _interval(what: str, meaning: str, *, words: bool = False) -> tuple[Column, ...]:
    """The three columns of a proven interval."""
    prefix = f"{what}_" if what else ""
    shown = {"low": "at least", "point": "difference", "high": "at most"} if words else {}
    return tuple(Column(f"{prefix}{end}", "money", f"{meaning}, {_ENDS[end]}", words=shown.get(end, ""))
                 for end in _ENDS)


_SCENARIO = text("scenario", "scenario")
_VERDICT = text("verdict", "cheaper, dearer, tie or same, as far as that is proven")
_PROMISES = text("promises", "the first scenario that promises the same")

TABLES: tuple[Table, ...] = (
    Table("scenarios", "scenario; those without a plan have an outcome and a message only", (
        _SCENARIO, text("parent", "scenario that it extends"), text("kind", "where the case comes from"),
        text("role", "basis, choice or sensitivity"), text("tags", "tags of the pack"),
        text("outcome", "what came of it"), text("message", "why there is no plan"), text("key", "key of the answer"),
        Column("cost", "money", "cost of the plan, penalties included"),
        Column("bound", "money", "no plan costs less", words="proven bound"),
        Column("gap_money", "money", "cost less bound", words="gap"),
        Column("gap", "share", "its share of the cost", "share of cost"),
        *_interval("", "money by which it is dearer than `against`", words=True), _VERDICT,
        *_interval("parent", "money by which it is dearer than its parent"),
        text("parent_verdict", "verdict against the parent"), text("parent_opened", "sites that the parent has not"),
        text("parent_closed", "sites that only the parent has"),
        Column("best_rank", "count", "best rank that it can have among the choices", words="rank, from"),
        Column("worst_rank", "count", "worst rank that it can have", words="rank, to"),
        Column("cash_cost", "money", "cost without penalties"),
        Column("penalty", "money", "penalties for demand that is not served", words="penalties"),
        Column("served", "share", "share of demand that is served"), Column("promises", "count", "promises"),
        Column("promises_kept", "count", "promises that are kept"),
        Column("lead_time", "days", "mean by volume"),
        Column("cost_per_unit", "number", "an average, no price", "currency", "average cost per unit"),
        Column("sites_open", "count", "open sites"), text("open_kinds", "open sites by kind"),
        text("sites_opened", "sites that `against` has not"), text("sites_closed", "sites that only `against` has"),
        Column("customers_resourced", "share", "share of the customers whose main source is another one",
               words="customers re-sourced"),
        Column("volume_moved", "share", "share of the volume that comes from another site"),
        Column("seconds", "number", "time of the run", "s"), text("hash", "of the network")), lines=True),
    Table("inputs", "cell of the tables that a scenario changes", (
        _SCENARIO, text("table", "table"), text("key", "key of the row"), text("column", "column"),
        text("old", "value before"), text("new", "value after"))),
    Table("differences", "cost line of a scenario", (
        _SCENARIO, text("line", "cost line"), Column("amount", "money", "less that of `against`"),
        Column("parent_amount", "money", "less that of the parent"))),
    Table("order", "pair of plans, in both directions", (
        _SCENARIO, text("other", "the plan that it is held against"),
        *_interval("", "money by which it is dearer than the other", words=True), _VERDICT)),
    Table("bases", "scenario, where an as-is plan is named", (
        _SCENARIO, *_interval("better_use", "from the as-is plan to `against`"),
        *_interval("idea", "from `against` to the scenario"),
        *_interval("total", "from the as-is plan to the scenario"))),
    Table("states", "scenario and state of demand", (
        _SCENARIO, _PROMISES, text("state", "state of demand"), Column("probability", "share", "of the state"),
        *_interval("cost", "cost in the state"), *_interval("regret", "cost above the best that promises the same"))),
    Table("regret", "scenario with a plan in every state", (
        _SCENARIO, _PROMISES, *_interval("worst", "largest regret"), text("minimax", "proven, possible or blank"),
        *_interval("expected", "expected cost, where states have probabilities"))),
    Table("bridges", "part of a bridge; the parts add up", (
        text("bridge", "name of the bridge"), text("method", "how it is cut into parts"), text("from", "scenario"),
        text("to", "scenario"), text("part", "cost line or override"), text("kind", "what the row is"),
        *_interval("", "the part", words=True), Column("cash", "money", "its part in cash"),
        Column("penalty", "money", "its part in penalties", words="penalties"), text("note", "what has to be said"))),
    Table("tornado", "scenario of a sweep of one thing at a time", (
        text("sweep", "name of the sweep"), text("from", "scenario that is varied"), text("axis", "what is varied"),
        text("value", "its value"), _SCENARIO, *_interval("", "money by which it is dearer", words=True), _VERDICT,
        Column("swing", "money", "distance between the ends of the axis"),
        Column("rank", "count", "by swing, the widest first"))),
    Table("pareto", "measure and plan", (
        text("measure", "measure of service"), _SCENARIO, Column("service", "share", "the measure"),
        Column("cost", "money", "cost of the plan"),
        Column("bound", "money", "no plan costs less", words="proven bound"),
        text("status", "front, dominated or perhaps dominated"),
        text("dominated_by", "a plan that is better in both"))),
)
"""Tables of a comparison, as they are written; key figures have a column for each plan."""
