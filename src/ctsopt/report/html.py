"""A pack as one HTML file that needs nothing else: no network, no second file."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctsopt.errors import UsageError
from ctsopt.files import whole_file
from ctsopt.report.evidence import changes, evidence, evidence_of_plan
from ctsopt.report.extra import require
from ctsopt.report.figures.drawing import Drawing, Trace, to_json
from ctsopt.report.figures.theme import looks, short
from ctsopt.report.front import base_of, choices, front_of, others, risks
from ctsopt.report.grid import MOST_LETTERS, grid
from ctsopt.report.meanings import of_cases
from ctsopt.report.menus import menus
from ctsopt.report.one_plan import proof_of, service_table, tiers_in_words
from ctsopt.report.panels import comparison_panels
from ctsopt.report.plan_panels import PlanPart, chosen, plan_part
from ctsopt.report.prose import Source, say
from ctsopt.report.summary import better_use, facts, regret, sentences, unkept, without
from ctsopt.versions import versions

if TYPE_CHECKING:
    from ctsopt.comparing.comparison import Comparison
    from ctsopt.comparing.outcome import PackResult
    from ctsopt.results.solution import Solution

MOST_BYTES = 5_000_000
"""What the plans that are shown one by one may take of the file; plotly.js and the comparison come to as much again."""

_SHARED = 4_000
"""Letters from which on a trace that occurs again is written once."""


class Book:
    """The figures of a report as one JSON text, in which long traces that occur several times stand once."""

    def __init__(self) -> None:
        self._figures: list[str] = []
        self._numbers: dict[Drawing, int] = {}
        self._shared: list[str] = []
        self._of_text: dict[str, int] = {}

    def add(self, figure: Drawing) -> int:
        """The number of a figure, which is added."""
        if figure not in self._numbers:
            self._numbers[figure] = len(self._figures)
            traces = ",".join(map(self._trace, figure.traces))
            self._figures.append(f'{{"data":[{traces}],"layout":{figure.layout_text}}}')
        return self._numbers[figure]

    def _trace(self, trace: Trace) -> str:
        """The trace; of a long one the place among those that are shared."""
        text = trace.text
        if len(text) < _SHARED:
            return text
        if text not in self._of_text:
            self._of_text[text] = len(self._shared)
            self._shared.append(text)
        return str(self._of_text[text])

    @staticmethod
    def height(figure: Drawing) -> int:
        """Pixels that are kept free for a figure."""
        return figure.height

    def text(self) -> Any:
        """The JSON text, in which nothing can end the script that holds it."""
        whole = (f'{{"template":{to_json({"layout": looks()})},"shared":[{",".join(self._shared)}],'
                 f'"figures":[{",".join(self._figures)}]}}')
        for letter in "<>&":
            whole = whole.replace(letter, f"\\u{ord(letter):04x}")
        return require("markupsafe").Markup(whole)


def write_html(source: PackResult | Solution, path: str | Path, comparison: Comparison | None = None,
               plans: Sequence[str] | None = None) -> Path:
    """Write what came of a pack, or one plan, as one HTML file, to be opened without a network.

    Parameters
    ----------
    source : PackResult or Solution
    path : str or Path
        The file, which is written over.
    comparison : Comparison, optional
        `source.compare()` of a pack, where it is known already.
    plans : sequence of str, optional
        Of a pack: scenarios that are shown one by one, with their customers, stock and maps. By default the one
        compared with, today as it is run, those on the front of cost against service, then the cheapest: six, or fewer
        where they would make the file large.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UsageError
        If there is no plan, a scenario that is to be shown has none, the source is neither the result of a pack nor a
        plan, or the extra `report` is not installed.
    FileError
        If the file cannot be written; one that was there before stays as it was.

    Notes
    -----
    The date of the day stands in the head. Where the environment sets `SOURCE_DATE_EPOCH`, that one does.
    """
    from ctsopt.comparing.outcome import PackResult
    from ctsopt.results.solution import Solution

    require("plotly.graph_objects")
    environment = _environment()
    if isinstance(source, Solution):
        content = _of_plan(source)
    elif isinstance(source, PackResult):
        if not len(source.solutions):
            raise UsageError("no scenario has a plan: there is nothing to report")
        content = _of_pack(source, source.compare() if comparison is None else comparison, plans)
    else:
        raise UsageError(f"the result of a pack or a plan is needed, not {type(source).__name__}")
    text = environment.get_template("report.html.j2").render(**content)
    return whole_file(Path(path), lambda draft: draft.write_text(text, encoding="utf-8", newline="\n"))


def _environment() -> Any:
    """Templates that escape everything that is not said to be markup."""
    jinja2 = require("jinja2")
    return jinja2.Environment(loader=jinja2.FunctionLoader(_part), autoescape=True, undefined=jinja2.StrictUndefined,
                              keep_trailing_newline=True)


def _part(name: str) -> str:
    return files("ctsopt.report").joinpath("templates").joinpath(name).read_text(encoding="utf-8")


def _of_pack(result: PackResult, comparison: Comparison, plans: Sequence[str] | None) -> dict[str, Any]:
    """Everything that the template shows of a pack."""
    base = result.solutions[comparison.against]
    screen = front_of(result, comparison)
    counted = facts(comparison, base)
    source = Source({"facts": counted, "scenarios": comparison.scenarios, "bases": comparison.bases,
                     "regret": comparison.regret, **screen.tables}, comparison.currency)
    priced = list(menus(result.pack, comparison, source))
    meanings = of_cases(result.pack)
    return _page(
        short(result.pack.name, MOST_LETTERS), short(result.pack.note, _NOTE), _made_on(base),
        base=[base_of(base, comparison.against, source), *better_use(comparison, source)],
        choices=[replace(each, name=short(each.name, 60), note=short(each.note, 200))
                 for each in choices(screen, result, comparison, source)],
        others=list(others(screen)), menus=[menu for menu in priced if menu.choice],
        risks=[*risks(screen, result, meanings, source), *regret(comparison, source)],
        risk_menus=[menu for menu in priced if not menu.choice], unkept=list(unkept(result)),
        without=list(without(result, comparison)),
        sentences=sentences(comparison, source), facts=grid(counted, "What the sentences count"),
        steps=[grid(screen.tables["choices"], "Every choice and risk beside what it starts from", comparison.currency),
               grid(screen.tables["tiers"], "What tiers get, and got before")],
        comparison=list(comparison_panels(comparison, meanings)), plans=_plans(result, comparison, plans),
        of_plans=say("These are shown: that compared with, today as it is run, and others worth a look. The tables of "
                     "every other plan are in the workbook."),
        changes=[replace(each, scenario=short(each.scenario, 60), note=short(each.note, 200),
                         tags=short(each.tags, 120), starts_from=short(each.starts_from, 60),
                         lines=tuple(short(line, 300) for line in each.lines))
                 for each in changes(result, comparison)],
        evidence=list(evidence(result, comparison, base)))


def _of_plan(plan: Solution) -> dict[str, Any]:
    """Everything that the template shows of one plan."""
    from ctsopt.comparing.comparison import compare

    name = str(plan.net.settings["name"]) or "plan"
    comparison = compare({name: plan})
    counted, by_tier = facts(comparison, plan), service_table(plan)
    source = Source({"facts": counted, "scenarios": comparison.scenarios, "tiers": by_tier}, comparison.currency)
    return _page(
        short(name, MOST_LETTERS), "", _made_on(plan), base=[base_of(plan, name, source)],
        sentences=[*proof_of(name, source), *tiers_in_words(by_tier, source)],
        facts=grid(counted, "What the sentences count"), steps=[grid(by_tier, "What tiers get", comparison.currency)],
        plans=[replace(plan_part(name, 1, plan), name=short(name, 60))], of_plans=say("Everything that is decided."),
        evidence=list(evidence_of_plan(plan)))


_PARTS = ("base", "choices", "others", "menus", "risks", "risk_menus", "unkept", "without", "sentences", "steps",
          "comparison", "plans", "changes", "evidence")
_NOTE = 400
"""Letters of the note of a pack that the head shows."""


def _page(title: str, note: str, made: Sequence[str], **parts: Any) -> dict[str, Any]:
    """What every page has, and its own parts; those that a page has not are empty."""
    markup = require("markupsafe").Markup
    plotly, script, css = _plotly_js(), _part("report.js"), _part("report.css")
    blank: dict[str, list[Any]] = {part: [] for part in _PARTS}
    return {**blank, "title": title, "note": note, "made": made, "book": Book(), "css": markup(css),
            "plotly": markup(plotly), "script": markup(script), "policy": _policy(plotly, script), **parts}


def _made_on(plan: Solution) -> tuple[str, ...]:
    """The date, the model, and what computed it."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    day = datetime.fromtimestamp(int(epoch), UTC).date() if epoch.isdigit() else date.today()
    known = versions()
    return (f"{day.day} {day:%B %Y}", f"model {short(plan.net.settings['name'], 60)}",
            f"ctsopt {known['ctsopt']}, HiGHS {known.get('highspy', '')}")


def _plans(result: PackResult, comparison: Comparison, plans: Sequence[str] | None) -> list[PlanPart]:
    """The plans that are shown one by one: all that are asked for, or as many as the file has room for."""
    names = list(plans) if plans is not None else chosen(comparison)
    parts: list[PlanPart] = []
    taken = 0
    for number, name in enumerate(names, start=1):
        part = plan_part(name, number, result.solutions[name])
        taken += sum(_weight(part))
        if plans is None and parts and taken > MOST_BYTES:
            break
        parts.append(replace(part, name=short(part.name, 60)))
    return parts


def _weight(part: PlanPart) -> list[int]:
    """About how many bytes the figures and tables of a plan take."""
    variants = [variant for panel in part.panels for variant in panel.variants]
    return [*(variant.figure.weight for variant in variants if variant.figure is not None),
            *(sum(len(cell.text) + 12 for row in table.rows for cell in row)
              for variant in variants for table in variant.grids)]


def _plotly_js() -> str:
    """plotly.js as the package brings it, such that it cannot end the script element that holds it."""
    script: str = require("plotly.offline").get_plotlyjs()
    return script.replace("</script", "<\\/script")


def _policy(*scripts: str) -> str:
    """What the page may do: run its own scripts and nothing else, fetch nothing."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()}'"
                      for each in scripts)
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:"
