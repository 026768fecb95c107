"""The report as a file: every number of it is in the tables, no name of it is markup, two runs write the same."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import ctsopt as cts
from ctsopt.cli import app
from ctsopt.errors import UsageError
from ctsopt.report import write_html
from tests.report import pages
from tests.report.pages import ATTACKS, Elements


@pytest.fixture(scope="module")
def elements(page: Path) -> Elements:
    return Elements(page.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def written(comparison: cts.Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return comparison.write(tmp_path_factory.mktemp("tables"))


def counted(folder: Path) -> dict[str, float]:
    """What the sentences count, counted anew in the tables. `growth` and the bars of `diesel` are no choices."""
    rows = pd.read_csv(folder / "scenarios.csv")
    plans = rows[rows["cost"].notna()]
    bars = pd.read_csv(folder / "tornado.csv")["scenario"].tolist()
    others = plans[~plans["scenario"].isin(["today", "growth", *bars])]
    front = pd.read_csv(folder / "pareto.csv")
    front = front[front["measure"] == "on_time"]["status"]
    return {"scenarios": len(rows), "scenarios with a plan": len(plans), "days": 365, "open dc": 2, "open plant": 1,
            "scenarios without a plan": int(rows["cost"].isna().sum()), "of other demand": 0,
            "plans proven optimal": int((plans["outcome"] == "proven").sum()), "widest gap": plans["gap"].max(),
            "proven cheaper": int((others["verdict"] == "cheaper").sum()),
            "proven dearer": int((others["verdict"] == "dearer").sum()),
            "not told apart": int(others["verdict"].isin(["tie", "same"]).sum()),
            "proven dominated": int((front == "dominated").sum()), "on the front": int((front == "front").sum())}


def beside_its_parent(folder: Path, result: cts.PackResult, scenario: str, column: str) -> float:
    """A figure of a choice or a risk, from the table of scenarios or from its flows."""
    rows = pd.read_csv(folder / "scenarios.csv").set_index("scenario")
    row = rows.loc[scenario]
    if column in ("low", "point", "high"):
        return float(row[f"parent_{column}"])
    if column == "share":
        return float(row["parent_point"] / rows.loc[row["parent"], "cost"])
    source = {name: main_source(result.solutions[name]) for name in (scenario, row["parent"])}
    known = source[scenario].keys() & source[row["parent"]].keys()
    moved = [customer for customer in known if len({each[customer] for each in source.values()}) > 1]
    return float({"moved": len(moved), "customers": len(known)}[column])


def main_source(plan: cts.Solution) -> dict[str, str]:
    """The site that delivers most to each customer."""
    most: dict[str, tuple[float, str]] = {}
    flows = plan.flows[plan.flows["kind"] == "delivery"]
    for (customer, origin), units in flows.groupby(["customer", "origin"], observed=True)["quantity"].sum().items():
        most[customer] = max(most.get(customer, (0.0, "")), (float(units), origin))
    return {customer: site for customer, (_, site) in most.items()}


def of_a_tier(result: cts.PackResult, row: str, column: str) -> float:
    """What the customers of a tier get, flow by flow; `_before` in the scenario that it extends."""
    scenario, _, tier = row.partition(" / ")
    parent = result.solutions[str(result.pack[scenario].parent)]
    plan = parent if column.endswith("_before") else result.solutions[scenario]
    who = parent.net.tables["customers"].set_index("customer")["tier"]
    promises = plan.net.tables["promises"].set_index(["tier", "product_class"])["lead_time"]
    units = days = promised = 0.0
    for flow in plan.flows[plan.flows["kind"] == "delivery"].to_dict("records"):
        if who[flow["customer"]] == tier:
            units += flow["quantity"]
            days += flow["quantity"] * flow["lead_time"]
            promised += flow["quantity"] * promises[(flow["tier"], "*")]
    return {"days": days, "promised": promised}[column.removesuffix("_before")] / units


def shown_number(text: str) -> tuple[float, float]:
    """A number as it is written, and half a step of its last digit."""
    digits = re.match(r"[+-]?[\d,]+(?:\.(\d+))?(?:e-?\d+)?", text)
    assert digits, text
    scale = 1e6 if " million" in text else 0.01 if text.endswith("%") else 1.0
    return float(digits[0].replace(",", "")) * scale, 0.5 * 10.0 ** -len(digits[1] or "") * scale


@pytest.mark.slow
def test_every_number_of_the_text_is_in_the_tables(elements: Elements, written: Path, every_panel: cts.PackResult
                                                   ) -> None:
    told = elements.of("data")
    assert len(told) > 20
    facts = counted(written)
    for attributes, text in told:
        table, row, column = (attributes[f"data-{part}"] for part in ("table", "row", "column"))
        if table == "facts":
            value = facts[str(row)]
        elif table == "choices":
            value = beside_its_parent(written, every_panel, str(row), str(column))
        elif table == "tiers":
            value = of_a_tier(every_panel, str(row), str(column))
        else:
            frame = pd.read_csv(written / f"{table}.csv").set_index("scenario")
            value = float(frame.loc[row, column])
        assert float(str(attributes["value"])) == pytest.approx(value, rel=1e-12)
        number, half = shown_number(text)
        assert abs(number - value) <= half * (1 + 1e-9), (text, value)


def test_no_other_number_is_in_the_text(page: Path) -> None:
    """Beside numbers from tables and names there is no digit in any sentence."""
    text = page.read_text(encoding="utf-8")
    told = Elements(re.sub(r'<data value=[^>]* data-table=[^>]*>[^<]*</data>|<span class="name[^>]*>[^<]*</span>', " ",
                           text[:text.index('<script type="application/json"')] + "</body></html>"))
    said = " ".join(part for tag, attributes, parts in told.all
                    if tag == "li" or attributes.get("class") in ("lead", "base") for part in parts)
    assert "against" in said
    assert not re.search(r"\d", said), re.findall(r".{40}\d.{40}", said, re.DOTALL)


def test_known_figures(elements: Elements) -> None:
    """See models/two_dcs/README.md: 633,500 with West opened anew; 10,000 of that are for opening it."""
    text = next(text for attributes, text in elements.of("p") if attributes.get("class") == "base")
    assert text.startswith("today costs 623,500 USD over 365 days, 10.39 USD a unit; 100 % of the demand is served, ")
    assert text.endswith("and 2 of 2 promises are kept. Open: 2 dcs (East, West); 1 plant (Plant).")


def choice(elements: Elements, name: str) -> str:
    """What the first screen says of a choice."""
    return " ".join(next(text for attributes, text in elements.of("li") if (attributes.get("class") or "").startswith(
        "choice") and text.strip().startswith(name)).split())


def test_the_first_screen_says_what_a_choice_changes(elements: Elements) -> None:
    """See models/two_dcs/README.md: of 157,500 of last mile, a fifth is for fuel; ten points more are 12,600.

    So much dearer is `both`, in which gold is promised two days, and West is kept all the same.
    """
    text = choice(elements, "both")
    assert "+12,600 USD (+2.02 %) against today: proven dearer" in text
    assert "No site opens or closes. All customers keep their main source." in text.replace(".All", ". All")
    assert "gold loses: 1 → 2 days promised." in text
    assert "standard" not in text
    said = [text for _, text in elements.of("li")]
    assert any(text.startswith("growth: +") and text.endswith("against today.") for text in said)
    assert not any(text.strip().startswith(("growth", "as_is")) and "proven" in text and "against today:" in text
                   for text in said)
    assert any(text.startswith("stuck has no plan") for text in said)


def test_tables_show_what_the_files_hold(elements: Elements, comparison: cts.Comparison) -> None:
    """Cost of every scenario, as in the table of scenarios; of every line, as in its costs."""
    tables = {text.split("\n")[0]: text for _, text in elements.of("table")}
    rows = comparison.scenarios.set_index("scenario")["cost"].dropna()
    for name, cost in rows.items():
        assert f"{name}" in tables["Scenarios"]
        assert f"{cost:,.0f}" in tables["Scenarios"]
        assert f"{cost:,.0f}" in tables["Cost lines"]
    assert "no plan" not in tables["Cost lines"]


def test_a_table_is_behind_every_figure(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    parts = re.split(r'<div class="figure"', text[: text.index('id="book"')])[1:]
    assert len(parts) > 40
    names = set(re.findall(r'id="([^"]+)"', text))
    for part in parts:
        following = part.split("</section>")[0]
        link = re.search(r'class="see" href="#([^"]+)"', following)
        assert "<table>" in following or (link and link[1] in names)


def test_every_panel_is_there(elements: Elements) -> None:
    titles = [text for _, text in elements.of("h3")]
    for title in ("Cost of every scenario", "Better use, and the idea", "Cost by line", "Bridge by override",
                  "Bridge by cost line", "Cost against service", "What may happen", "One thing at a time",
                  "Regret over states of demand", "Key figures side by side", "What a tier costs to serve",
                  "Cost-to-serve waterfall", "Who pays for whom at one rate (whale curve)", "Size and cost-to-serve",
                  "Sites", "Promises"):
        assert title in titles
    assert "stuck" in "".join(text for _, text in elements.of("li"))
    assert "stuck" in titles  # among the promises that cannot be kept, with what can be promised instead


def test_identifiers_are_used_once_and_labels_point_to_them(elements: Elements) -> None:
    names = [attributes["id"] for _, attributes, _ in elements.all if "id" in attributes]
    assert len(names) == len(set(names))
    targets = [str(attributes["for"]) for attributes, _ in elements.of("label")]
    targets += [str(attributes["href"])[1:] for attributes, _ in elements.of("a")]
    targets += [str(attributes["value"]) for attributes, _ in elements.of("option")]
    assert targets
    assert set(targets) <= set(names)


def test_evidence(elements: Elements, every_panel: cts.PackResult) -> None:
    tables = {text.split("\n")[0]: text for _, text in elements.of("table")}
    assert every_panel.pack.base.hash in tables["What was computed"]
    for key in every_panel.rows["key"]:
        assert key in tables["Hashes"]
    assert "highspy" in tables["Versions"]
    assert "dominated" in tables["Ways of today that were left out, and why"]
    assert "every" not in tables["Pairs that cannot be told apart"]


def test_what_was_changed_cell_by_cell(page: Path) -> None:
    """Carrier costs 0.25 more by fuel, and 0.35 with the override `dear`; gold is promised 2 days in place of 1."""
    text = page.read_text(encoding="utf-8")
    part = text[text.index('<section id="changes">'):]
    both = part[part.index("<summary>both"):part.index("<summary>growth")]
    assert "modes.fuel_surcharge: 0.25 -&gt; 0.35" in both
    assert re.search(r"<td>promises</td><td>gold[^<]*</td><td>lead_time</td><td>1</td><td>2</td>", both)


@pytest.mark.long
def test_two_runs_write_the_same_page_but_for_times(page: Path, tmp_path: Path) -> None:
    def without_times(path: Path) -> str:
        return re.sub(r'(<td class="n time">)[^<]*', r"\1", path.read_text(encoding="utf-8"))

    again = write_html(pages.run(tmp_path, workers=2), tmp_path / "again.html")
    one, other = without_times(page), without_times(again)
    assert one.count('class="n time"') > 10
    assert one == other


def test_names_that_mean_harm_stay_names(harmful_page: Path) -> None:
    text = harmful_page.read_text(encoding="utf-8")
    found = Elements(text)
    assert [attributes.get("id") for attributes, _ in found.of("script")] == ["book", None, None]
    assert {tag for tag, _, _ in found.all}.isdisjoint({"img", "b", "i", "iframe", "object", "svg"})
    assert all(str(attributes["href"]).startswith("#") for attributes, _ in found.of("a"))
    shown = "".join(part for tag, _, parts in found.all if tag == "td" for part in parts)
    for attack in (ATTACKS[0], ATTACKS[2], ATTACKS[3], ATTACKS[4]):
        assert attack in shown
    assert "y" * 1000 not in text
    assert "y" * 100 in text
    assert "z" * 100 in shown
    assert "49" not in next(body for _, body in found.of("title"))
    book = json.loads(next(body for attributes, body in found.of("script") if attributes.get("id") == "book"))
    assert len(book["figures"]) > 10
    # plotly takes tags in its texts for markup; the only ones are those of bold sums.
    assert not re.search(r"<(?!b>[\d.,]+</b>|/b>)", json.dumps(book))
    assert len(text) < 8_000_000


def test_the_page_forbids_whatever_it_does_not_hold(page: Path) -> None:
    policy = next(str(attributes["content"]) for attributes, _ in Elements(page.read_text(encoding="utf-8")).of("meta")
                  if attributes.get("http-equiv"))
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "'unsafe-inline'; img-src data: blob:" in policy
    assert "unsafe-eval" not in policy


@pytest.mark.slow
def test_plans_that_are_shown(every_panel: cts.PackResult, comparison: cts.Comparison, tmp_path: Path) -> None:
    shown = write_html(every_panel, tmp_path / "r.html", comparison, plans=["growth", "both"])
    text = shown.read_text(encoding="utf-8")
    assert re.findall(r'<option value="plan\d+"[^>]*>([^<]*)', text) == ["growth", "both"]
    with pytest.raises(UsageError, match="stuck has no plan"):
        write_html(every_panel, tmp_path / "r.html", comparison, plans=["stuck"])


@pytest.mark.parametrize("module", ["plotly", "jinja2"])
def test_without_the_extra_one_line_says_what_to_install(
        every_panel: cts.PackResult, comparison: cts.Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        module: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError) as caught:
        write_html(every_panel, tmp_path / "r.html", comparison)
    assert str(caught.value).splitlines() == [
        f"reports need {module}, which is not installed: pip install 'ctsopt[report]'"]


SMALL = """
schema: ctsopt/pack/1
pack: small
model: two_dcs
solve: {gap: 0}
scenarios:
  patient: {apply: [{table: promises, where: {tier: gold}, set: {lead_time: 2}}]}
"""


@pytest.mark.slow
def test_a_run_writes_page_and_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTSOPT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    words = ["run", str(tmp_path / "small.yaml"), "--workers", "1"]
    done = CliRunner().invoke(app, [*words, "-o", str(tmp_path / "one")])
    assert done.exit_code == 0
    assert {"report.html", "workbook.xlsx", "scenarios.csv"} <= {path.name for path in (tmp_path / "one").iterdir()}
    CliRunner().invoke(app, [*words, "-o", str(tmp_path / "two"), "--no-report"])
    assert not (tmp_path / "two" / "report.html").exists()
    monkeypatch.setitem(sys.modules, "plotly", None)
    bare = CliRunner().invoke(app, [*words, "-o", str(tmp_path / "three")])
    assert bare.exit_code == 0
    assert [line for line in bare.stderr.splitlines() if "ctsopt[report]" in line] == [
        "no report and no workbook: they need plotly, jinja2 and XlsxWriter, see pip install 'ctsopt[report]'"]
    assert (tmp_path / "three" / "scenarios.csv").exists()
    assert not (tmp_path / "three" / "report.html").exists()
