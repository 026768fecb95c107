"""Packs whose report shows every panel, and names that mean harm."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import ctsopt as cts
from tests.small import table

PACK = """
schema: ctsopt/pack/1
pack: every_panel
model: two_dcs
baseline: as_modelled
solve: {gap: 0}
overrides:
  west_was_opened:
    - {table: sites, where: {site: West}, set: {status: open, may_close: true, opening_cost: 0}}
  all_stays: [{table: sites, where: {kind: dc}, set: {may_close: false, closing_cost: 0}}]
  patient: [{table: promises, where: {tier: gold}, set: {lead_time: 2}}]
  dear: [{table: modes, where: {mode: carrier}, add: {fuel_surcharge: 0.1}}]
  crammed: [{table: sites, where: {site: [East, West]}, set: {capacity: 100}}]
scenarios:
  today: {apply: [west_was_opened], tags: [basis], note: Sites of today}
  as_is: {extends: today, apply: [all_stays]}
  both: {extends: today, apply: [dear, patient]}
  growth: {extends: today, apply: [{table: demand, scale: {quantity: 1.05}}]}
  stuck: {apply: [crammed]}
sweeps:
  diesel:
    from: today
    axes:
      truck: {table: modes, where: {mode: truck}, op: add, column: fuel_surcharge, values: [-0.1, 0.1]}
      carrier: {table: modes, where: {mode: carrier}, op: add, column: fuel_surcharge, values: [0.05]}
    combine: one_at_a_time
    name: "diesel_{axis}_{value}"
states:
  low: {probability: 0.5, apply: [{table: demand, scale: {quantity: 0.9}}]}
  high: {probability: 0.5}
compare:
  against: today
  as_is: as_is
  regret: states
  bridge: [{to: both, method: shapley}, {to: both}]
  tornado: [diesel]
"""

ATTACKS = ("<script>window.harm = 1</script>", "</script><script>window.harm = 2</script>",
           "<img src=https://example.org/x.png onerror='window.harm = 3'>", "=HYPERLINK(\"https://example.org\")",
           "{{ 7 * 7 }}{% raw %}", "<b>%{x}</b><a href='javascript:window.harm=4'>$x$</a>", "\u2028\u202e--><!--",
           "z" * 200)
"""Names that would do harm in a page that takes them for markup, script or template; a name has at most 200 letters."""

LONG = f"{ATTACKS[0]} {'y' * 10_000} {ATTACKS[1]}"
"""Notes may be as long as they like."""


def harmful() -> cts.PackResult:
    """A pack in which customers, sites, tiers, products, scenarios and notes have such names, on the map of Europe."""
    places = [(48.9, 2.4), (52.5, 13.4), (41.9, 12.5), (40.4, -3.7), (59.3, 18.1), (50.1, 14.4), (47.5, 19.0),
              (38.7, -9.1)]
    one, other = ATTACKS[0], ATTACKS[2]
    customers = [{"customer": name, "latitude": north, "longitude": east, "tier": one if place % 2 else other}
                 for place, (name, (north, east)) in enumerate(zip(ATTACKS, places, strict=True))]
    net = cts.network({
        "settings": {"name": ATTACKS[1], "currency": ATTACKS[5][:30], "open_lanes": "all"},
        "sites": table({"site": f"plant {ATTACKS[1]}", "kind": "plant", "latitude": 45.0, "longitude": 5.0,
                        "delivers": "yes"},
                       {"site": f"dc {ATTACKS[2]}", "kind": "dc", "latitude": 50.0, "longitude": 8.0}),
        "customers": table(*customers), "tiers": table({"tier": one, "rank": 1}, {"tier": other, "rank": 2}),
        "products": table({"product": ATTACKS[4], "unit_value": 3}),
        "demand": table(*({"customer": name, "product": ATTACKS[4], "quantity": 10 + place}
                          for place, name in enumerate(ATTACKS))),
        "promises": table({"tier": one, "lead_time": 3}),
        "modes": table({"mode": ATTACKS[1], "per_weight_distance": 0.001, "speed": 600})})
    dearer = [{"table": "modes", "add": {"fuel_surcharge": 0.1}}]
    scenario = cts.Scenario("dearer &lt;i&gt; {{ 7 }} 'x'", dearer, note=LONG)
    return cts.run(cts.Pack.of(net, [scenario], solve={"gap": 0}), workers=1)


class Elements(HTMLParser):
    """Elements of a page: (name, attributes, text), those within others too."""

    _EMPTY = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[int] = []
        self.feed(text)
        assert not self._open, "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs), []))
        if tag not in self._EMPTY:
            self._open.append(len(self.all) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.all[self._open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for place in self._open:
            self.all[place][2].append(data)

    def of(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        """Attributes and text of the elements of one name."""
        return [(attributes, "".join(parts)) for name, attributes, parts in self.all if name == tag]


def run(folder: Path, workers: int = 1) -> cts.PackResult:
    """The pack, solved anew."""
    file = folder / "every_panel.yaml"
    file.write_text(PACK, encoding="utf-8")
    return cts.run(file, workers=workers, cache=folder / "cache")
