"""What the command line prints, whatever the library returns."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from ctsopt.errors import DataError, Finding, Findings, InfeasibleError, NoPlanError, SolverError, UsageError
from ctsopt.terminal import Terminal, amount, plain


@pytest.mark.parametrize(("value", "cents", "text"), [
    (633500.4, False, "633,500"),
    (633500.4, True, "633,500.40"),
    (-0.5, True, "-0.50"),
    (-0.2, False, "0"),
    (math.nan, False, ""),
])
def test_amounts_have_thousands_separators(value: float, cents: bool, text: str) -> None:
    assert amount(value, cents=cents) == text


def test_a_plain_table_lines_up_and_rules_off_its_sum(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().table("Costs", ("line", "USD"), [("make", "1,000"), ("move", "50"), ("total", "1,050")])
    assert capsys.readouterr().out.splitlines() == [
        "Costs",
        "line     USD",
        "------------",
        "make   1,000",
        "move      50",
        "------------",
        "total  1,050",
    ]


def test_json_holds_plain_values_only() -> None:
    frame = pd.DataFrame({"site": ["NA"], "units": [np.float64(1.5)], "row": pd.array([None], dtype="Int64"),
                          "open": [np.True_], "limit": [np.inf]})
    assert json.loads(json.dumps(plain({"t": frame}), allow_nan=False)) == {
        "t": [{"site": "NA", "units": 1.5, "row": None, "open": True, "limit": None}]}


def findings() -> Findings:
    return Findings([Finding("unknown_name", "demand", "customer", "no such customer", "correct the name",
                             rows=range(2, 9), values=["Akme"] * 7, candidates=["Acme"])])


@pytest.mark.parametrize(("error", "code", "said"), [
    (UsageError("no such tier"), 2, "no such tier"),
    (DataError(findings()), 3, "7 errors, 0 warnings"),
    (InfeasibleError("gold cannot be kept"), 4, "gold cannot be kept"),
    (NoPlanError("no plan after 3 s", "time_limit"), 5, "no plan after 3 s"),
    (KeyboardInterrupt(), 130, "interrupted"),
    (SolverError("the plan breaks a capacity"), 1, "Please report it"),
    (ZeroDivisionError("division by zero"), 1, "ZeroDivisionError: division by zero"),
    (PermissionError(13, "Permission denied", "answer"), 2, "cannot use answer: Permission denied"),
])
def test_every_failure_has_its_code_and_words(error: BaseException, code: int, said: str,
                                              capsys: pytest.CaptureFixture[str]) -> None:
    assert Terminal().fail(error) == code
    shown = capsys.readouterr()
    assert said in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_findings_show_the_first_rows_and_a_count(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().fail(DataError(findings()))
    lines = capsys.readouterr().err.splitlines()
    assert "    row 2: 'Akme'   did you mean 'Acme'?" in lines
    assert sum(line.startswith("    row ") for line in lines) == 5
    assert "    ... and 2 more rows" in lines


def test_a_failure_under_json_is_a_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(as_json=True).fail(DataError(findings()))
    document = json.loads(capsys.readouterr().out)
    assert document["exit_code"] == 3
    assert document["error"]["kind"] == "data"
    assert [f["row"] for f in document["error"]["findings"]] == [2, 3, 4, 5, 6, 7, 8]
    assert {f["nearest"] for f in document["error"]["findings"]} == {"Acme"}


def test_promises_that_fall_short_are_listed_under_json(capsys: pytest.CaptureFixture[str]) -> None:
    error = InfeasibleError("gold cannot be kept", pd.DataFrame({"tier": ["gold"], "short": [412.0]}))
    Terminal(as_json=True).fail(error)
    assert json.loads(capsys.readouterr().out) == {"exit_code": 4, "error": {
        "kind": "promises", "message": "gold cannot be kept", "shortfalls": [{"tier": "gold", "short": 412.0}]}}


def test_verbose_shows_where_a_failure_arose(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise RuntimeError("inside")
    except RuntimeError as error:
        Terminal(verbose=True).fail(error)
    assert "test_terminal.py" in capsys.readouterr().err
