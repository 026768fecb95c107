"""What a notebook shows: small, and with every name escaped."""

from __future__ import annotations

import pandas as pd

import ctsopt as cts
from ctsopt.notebook import ROWS, shown_in_notebook
from tests.small import chain, table

HOSTILE = "<script>alert('x')</script>&<b>"


def net() -> cts.Network:
    made = chain(customers=table({"customer": HOSTILE}), demand=table({"customer": HOSTILE, "quantity": 100}),
                 tiers=table({"tier": "<i>gold"}), lanes=table({"origin": "P", "destination": HOSTILE}))
    return cts.network({**made, "settings": {"name": HOSTILE, "currency": "<u>EUR"}})


def test_a_network_a_solution_and_a_comparison_are_shown_small_and_escaped():
    solution = cts.solve(net())
    compared = cts.compare({"<em>one": solution, "two": solution}, against="two")
    for thing in (net(), solution, compared):
        shown = thing._repr_html_()
        assert len(shown) < 4000
        assert not any(tag in shown for tag in ("<script", "<b>", "<u>", "<i>", "<em>"))
    assert "&lt;script&gt;" in net()._repr_html_()
    assert "proven optimal" in solution._repr_html_()
    assert "&lt;em&gt;one" in compared._repr_html_()


def test_a_long_table_says_how_much_more_there_is():
    shown = shown_in_notebook("x", [], pd.DataFrame({"name": [f"n{i}" for i in range(ROWS + 3)]}))
    assert "n11" in shown
    assert "n12" not in shown
    assert "and 3 more" in shown
