"""The page of the documentation that lists every known answer and what was reached."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from tests.known_answer.cases import LEFT_OUT, WITHIN
from tests.known_answer.measure import Figure
from tests.known_answer.shared_data import Answer

INTRO = """\
# Known answers

*This page is made by `python -m tests.known_answer.page` from figures that were measured.*

Published problems whose answers come from a book, from a library of test problems or from another program, solved as
networks by ctsopt. Converters of the test suite make the tables that a user would write. Nothing is tuned for a case
but what its line states: the links, and extra row families.
"""

COLUMNS = """\
## How to read the tables

* **published**: the number of the source. It may be missed by half a unit of its last printed decimal, or by 1e-6 of
  itself, whichever is larger; a number without decimals by 1e-6 of itself.
* **links**: the option of `ctsopt.solve`. Its usual `auto` chooses one of these by what the relaxation shows.
* **value**, **bound**: cost of the plan that was found, and the proven limit below which no plan can be.
  **gap** = (value − bound) / value. **above** = value / published − 1.
* **seconds**: by the clock, from the network to the tables of the answer. **processor**: processor time of the same, on
  one core. The machine (2 cores, 24 GB, Linux) was shared with other work: where the clock says more than the
  processor, the solve had to wait. A time limit counts by the clock.
* **× LP**: processor time over that of the linear relaxation with capacity links. This ratio is what can be
  compared with another machine.
* **reached**: *proven* = value and bound are both the published number. *value* = the value is, the bound is lower.
  *within 0.5 %* = the value is at most 0.5 % above it, whatever is proven. *not reached* = none of these.
"""

AGAIN = """\
## To make it again

```sh
python -m tests.known_answer.page                           # what takes seconds each, and the page
python -m tests.known_answer.page --long                    # the runs of one and of five minutes, too
python -m tests.known_answer.page --long --only capc-7250   # just some
python -m pytest -m long tests/known_answer                 # the long runs as tests
```

The figures stand in `tests/known_answer/measured.json`, the cases in `cases.py` beside it. The data are not part of the
repository (some files state no licence); `CTSOPT_SHARED_DATA` names their folder. The suite solves every case but the
long ones at each run, and some of the two-stage problems to 0.5 %. One test holds this page against the figures,
another the figures against the published answers.
"""

_FIVE = """\
50 plants, 100 depots, 200 customers, 5 products; every site has a capacity for each product (Mauri et al. 2021). No
relaxation is published: the number is that of a program in scipy, made from the file. The tables tie the sum of a
site's capacities to its being open. The rule `product_capacity`, an extra row family of a few lines, ties each of
them."""

NOTES = {
    "OR-Library, split deliveries":
        "Warehouses with a capacity and a fixed cost (Beasley 1988). A customer may be served by several.",
    "OR-Library, capc-7250":
        "100 warehouses, 1,000 customers, 100,000 lanes; a customer may be served by several. Limit: five minutes.",
    "OR-Library, one site per customer":
        "The same problems with `single_source`; optima of Guastaroba and Speranza.",
    "Holmberg, one site per customer":
        "Tight, unequal capacities (Holmberg et al. 1999).",
    "UflLib, no capacities":
        "Sites without capacity: only the links tie flow to opening. For MO1 it pays to have all of them from the\n"
        "start; `lazy` had a limit of one minute.",
    "Two stages, linear relaxation":
        "50 plants, 100 depots, 200 customers; all sites are to be opened (Fernandes et al. 2014). The relaxation\n"
        "that was published with them has capacity × open as the only link.",
    "Two stages":
        "The same, whole. The published number is the best known total, an upper bound. Limit: one minute; gap asked:\n"
        "0.01 %. The rule `enough_capacity`, an extra row family, says that the open sites of an echelon have room\n"
        "for all demand. The relaxation is the same, but the solver finds more to cut off.",
    "Two stages, five products, linear relaxation": _FIVE,
    "Two stages, five products":
        "The same, whole; proven optimal by its authors. Limit: five minutes; gap asked: 0.01 %. The rule\n"
        "`enough_capacity` is for each product here.",
    "Books":
        "Williams, *Model Building in Mathematical Programming*, example 19: plants, depots, direct deliveries. AMPL\n"
        "book, chapters 4 and 20: three products share a limit on each lane (`lanes.max_volume`); then each lane has\n"
        "a fixed cost, too (`lanes.fixed_cost`).",
    "Stores":
        "San Francisco (spopt): four stores nearest to the people, as a contract on the number of sites; and the\n"
        "fewest stores with everybody within 5,000 m, as a promise. In demand × metres, and in stores.",
    "Order book":
        "1,000 orders, 19 plants, 11 ports: capabilities, dedicated plants, cross-docks, promises.",
}

HEAD = ("instance", "published", "links", "value", "bound", "gap", "above", "seconds", "processor", "× LP", "reached")
WORDS = ("proven", "value", "within 0.5 %", "not reached")


def page(figures: Collection[Figure]) -> str:
    """The whole page."""
    sections = [_section(group, [figure for figure in figures if figure.group == group])
                for group in dict.fromkeys(figure.group for figure in figures)]
    left_out = "\n".join(["| case | why |", "|---|---|", *(f"| `{case}` | {why} |" for case, why in LEFT_OUT.items())])
    used = "; ".join(sorted({figure.versions for figure in figures}))
    return "\n".join([
        INTRO, _summary(figures), COLUMNS, *sections,
        f"## Left out\n\nThe other answers of the shared data belong to no network:\n\n{left_out}\n",
        f"{AGAIN}\nMeasured with {used}.\n"])


def reached(figure: Figure) -> str:
    """In a word, how the figure compares with the published number."""
    published = Answer.printed(figure.published)
    if published.agrees(figure.value):
        return "proven" if figure.relax or published.agrees(figure.bound) else "value"
    return "within 0.5 %" if not figure.relax and figure.above <= WITHIN else "not reached"


def _summary(figures: Collection[Figure]) -> str:
    found: dict[tuple[str, str, str], list[str]] = {}
    for figure in figures:
        if figure.quantity:
            found.setdefault((figure.case, figure.instance, figure.quantity), []).append(reached(figure))
    best = [min(words, key=WORDS.index) for words in found.values()]
    counts = ", ".join(f"{best.count(word)} *{word}*" for word in WORDS if word in best)
    return f"Of {len(best)} published answers (each by its best run): {counts}.\n"


def _near(figures: Collection[Figure]) -> str:
    """How many plans are near the best known one, and how many are proven to be near the best possible, by links."""
    lines = []
    for how in dict.fromkeys(map(_how, figures)):
        found = [figure for figure in figures if _how(figure) == how]
        near, sure = sum(f.above <= WITHIN for f in found), sum(f.gap <= WITHIN for f in found)
        lines.append(f"* {how}: {near} of {len(found)} at most 0.5 % above the published total; {sure} of {len(found)} "
                     "proven to 0.5 %.")
    return "\n".join([*lines, "", ""])


def _how(figure: Figure) -> str:
    return f"`{figure.links}`" + "".join(f" + `{rule}`" for rule in figure.rule.split(" + ") if rule)


def _section(group: str, figures: Sequence[Figure]) -> str:
    head = ["| " + " | ".join(HEAD) + " |", "|---|---:|---|" + "---:|" * 7 + "---|"]
    near = _near(figures) if figures[0].proves == "best known" else ""
    return "\n".join([f"## {group}\n\n{NOTES[group]}\n\n{near}".rstrip() + "\n", *head,
                      *("| " + " | ".join(_cells(figure)) + " |" for figure in figures), ""])


def _cells(figure: Figure) -> Iterator[str]:
    decimals = len(figure.published.partition(".")[2])
    digits = max(1, min(decimals, 4))
    yield figure.instance
    yield f"{float(figure.published):,.{decimals}f}"
    yield _how(figure)
    yield f"{figure.value:,.{digits}f}"
    yield f"{figure.bound:,.{digits}f}"
    yield _percent(figure.gap)
    yield _percent(figure.above)
    yield f"{figure.seconds:,.1f}"
    yield f"{figure.processor:,.1f}"
    yield "1" if figure.relax else f"{figure.processor / figure.relaxation:,.3g}"
    yield reached(figure)


def _percent(share: float) -> str:
    """A share in percent; what is less than its last digit is 0."""
    text = f"{100 * share:.3f}"
    return ("0" if float(text) == 0 else text) + " %"
