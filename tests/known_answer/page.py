"""`python -m tests.known_answer.page`: solve every case with a published answer, and write the page of the docs.

The figures are kept in `measured.json`, so that some cases can be measured again without the others; the page is made
from them. Cases that take minutes are left as they are unless `--long` asks for them.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import ctsopt as cts
from tests.known_answer.cases import CASES, Ask, Case
from tests.known_answer.measure import MEASURED, Figure, identity, load, measure, relaxation_time, save
from tests.known_answer.report import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "known-answers.md"


def is_long(case: Case, ask: Ask) -> bool:
    """Whether a solve takes minutes."""
    return ask.time_limit is not None or "five products" in case.group


def main(arguments: list[str] | None = None) -> int:
    """Parse the options, measure what they ask for, write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.known_answer.page", description=__doc__)
    parser.add_argument("--long", action="store_true", help="also what takes minutes each (about an hour in all)")
    parser.add_argument("--only", nargs="+", default=[], metavar="TEXT",
                        help="just cases whose heading, name or links hold one of these texts")
    parser.add_argument("--page-only", action="store_true", help="measure nothing, write the page")
    options = parser.parse_args(arguments)
    figures = load(MEASURED)
    for case, ask in [] if options.page_only else chosen(options.only, long=options.long):
        figures[identity(case, ask)] = told(case, ask)
        save(in_order(figures), MEASURED)  # after every case: what is done is done
    PAGE.write_text(page(in_order(figures).values()), encoding="utf-8")
    return 0


def chosen(words: list[str], *, long: bool) -> list[tuple[Case, Ask]]:
    """The solves that are asked for."""
    every = [(case, ask) for case in CASES for ask in case.asks if long or not is_long(case, ask)]
    return [(case, ask) for case, ask in every
            if not words or any(word in " / ".join((case.group, *identity(case, ask))) for word in words)]


def told(case: Case, ask: Ask) -> Figure:
    """Measure one solve, and say so."""
    net = network(case)
    figure = measure(case, ask, net, 0.0 if ask.relax else relaxation_time(case, ask, net))
    how = " + ".join(filter(None, (ask.links, ask.rule)))
    _say(f"{time.strftime('%H:%M:%S')} {figure.case} {figure.instance}, {how}: {figure.value:.6f}, "
         f"proven {figure.bound:.6f}, published {figure.published}, {figure.seconds:.1f} s, "
         f"{figure.processor:.1f} s of processor")
    return figure


def network(case: Case) -> cts.Network:
    """The network of a case with its ways, which are made when they are first asked for."""
    net = cts.network(case.tables())
    assert len(net.ways.deliveries) > 0
    return net


def in_order(figures: dict[tuple[str, ...], Figure]) -> dict[tuple[str, ...], Figure]:
    """In the order of the cases; what belongs to none of them is gone."""
    order = [identity(case, ask) for case in CASES for ask in case.asks]
    return {key: figures[key] for key in order if key in figures}


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())
