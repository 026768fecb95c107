"""Solutions on disk: what is saved comes back, nothing of it is a pickle, and a changed network is noticed."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import ctsopt as cts
from ctsopt.results.solution import TABLES
from tests.small import chain, lanes, rates, solved, table


@pytest.fixture(scope="module")
def solution() -> cts.Solution:
    tables = chain(sites=table({"site": "P", "kind": "plant", "fixed_cost": 5}, {"site": "NA", "kind": "dc"}),
                   customers=table({"customer": "00123"}, {"customer": "1E10"}),
                   tiers=table({"tier": "gold", "shortage_cost": 1}), lanes=lanes("P-NA", "NA-00123"),
                   rates=rates(P_NA=1, NA_00123=1, NA_1E10=9),
                   promises=table({"tier": "gold", "served_fraction": 0.5}),
                   demand=table({"customer": "00123", "quantity": 10}, {"customer": "1E10", "quantity": 10}))
    return solved(tables)


@pytest.fixture
def saved(solution, tmp_path):
    solution.save(tmp_path / "plan")
    return tmp_path / "plan"


def test_everything_comes_back(solution, saved):
    again = cts.load(saved)
    assert set(again.tables) == set(TABLES)
    for name in TABLES:
        pd.testing.assert_frame_equal(again.tables[name], solution.tables[name], check_categorical=True)
    assert (again.total_cost, again.bound, again.gap) == (solution.total_cost, solution.bound, solution.gap)
    assert again.status == solution.status
    assert again.net == solution.net
    assert again.record == solution.record
    assert str(again) == str(solution)
    pd.testing.assert_frame_equal(again.cost_to_serve(by=["customer", "product"]),
                                  solution.cost_to_serve(by=["customer", "product"]))


def test_odd_names_survive(saved):
    again = cts.load(saved)
    assert set(again.flows["origin"]) == {"P", "NA"}
    assert set(again.shortage["customer"]) == {"1E10"}
    assert again.cost_to_serve(by="customer").index.tolist() == ["00123", "1E10", "total"]


@pytest.mark.slow
def test_a_loaded_solution_can_be_saved_and_solved_from(solution, saved, tmp_path):
    again = cts.load(saved)
    again.save(tmp_path / "copy")
    assert cts.load(tmp_path / "copy").total_cost == solution.total_cost
    assert cts.solve(again.net, gap=0, start=again).total_cost == pytest.approx(solution.total_cost)


def test_a_bound_without_end_comes_back(solution, tmp_path):
    endless = cts.Solution(solution.net, solution.tables, solution.status, -np.inf, solution.record)
    endless.save(tmp_path / "plan")
    assert cts.load(tmp_path / "plan").bound == -np.inf


def test_nothing_is_a_pickle(saved):
    files = [path for path in saved.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".parquet", ".json", ".yaml"}
    for path in files:
        if path.suffix == ".parquet":
            assert path.read_bytes()[:4] == b"PAR1"
            assert not any(pa.types.is_binary(column.type) for column in pq.read_schema(path))
        else:
            path.read_text(encoding="utf-8")


def test_saving_and_loading_call_no_pickle(solution, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("pickle was called")

    for name in ("dump", "dumps", "load", "loads", "Pickler", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    solution.save(tmp_path / "plan")
    assert cts.load(tmp_path / "plan").total_cost == solution.total_cost


@pytest.mark.parametrize("name", ["demand", "sites"])
def test_a_changed_network_is_noticed(saved, name):
    path = next((saved / "network").glob(f"{name}.*"))
    frame = pd.read_parquet(path)
    column = "quantity" if name == "demand" else "fixed_cost"
    frame[column] = frame[column].astype(float) + 1
    frame.to_parquet(path)
    with pytest.raises(cts.UsageError, match="not the one that was solved: its content has changed"):
        cts.load(saved)


def test_a_missing_table_is_noticed(saved):
    (saved / "flows.parquet").unlink()
    with pytest.raises(cts.UsageError, match="is not whole: flows missing"):
        cts.load(saved)


def test_another_format_is_noticed(saved):
    head = json.loads((saved / "solution.json").read_text())
    (saved / "solution.json").write_text(json.dumps(head | {"format": 99}))
    with pytest.raises(cts.UsageError, match="format 99"):
        cts.load(saved)


DAMAGE = {
    "cut": lambda data, place: data[: place % max(len(data), 1)],
    "emptied": lambda data, place: b"",
    "one bit turned": lambda data, place: turned(data, place),
    "one byte more": lambda data, place: data + b" ",
}


def turned(data: bytes, place: int) -> bytes:
    at, bit = divmod(place % (8 * len(data)), 8)
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1:]


@pytest.mark.parametrize("kind", DAMAGE)
def test_every_damaged_file_is_named(saved, kind):
    """Whatever file, at whatever place: an error of ours that names it; whole again, it is read again."""
    draw = np.random.default_rng(7)
    files = sorted(path for path in saved.rglob("*") if path.is_file())
    assert len(files) > 20
    for path in files:
        data = path.read_bytes()
        path.write_bytes(DAMAGE[kind](data, int(draw.integers(1 << 40))))
        with pytest.raises(cts.CtsError, match=path.name):
            cts.load(saved)
        path.write_bytes(data)
    assert len(cts.load(saved).tables) == len(TABLES)


@pytest.mark.slow
def test_every_bit_of_the_small_files_counts(saved):
    for name in ("manifest.json", "solution.json"):
        data = (saved / name).read_bytes()
        for place in range(0, 8 * len(data), 61):
            (saved / name).write_bytes(turned(data, place))
            with pytest.raises(cts.CtsError, match=name):
                cts.load(saved)
        (saved / name).write_bytes(data)


def test_every_missing_file_is_named_and_so_is_one_too_many(saved):
    for path in sorted(path for path in saved.rglob("*") if path.is_file()):
        data = path.read_bytes()
        path.unlink()
        with pytest.raises(cts.CtsError, match=path.name):
            cts.load(saved)
        path.write_bytes(data)
    (saved / "network" / "budget.csv").write_text("amount\n1\n")
    with pytest.raises(cts.CtsError, match=r"network/budget\.csv was not written with it"):
        cts.load(saved)


def test_two_files_that_changed_places_are_noticed(saved):
    one, other = (saved / f"{name}.parquet" for name in ("limits", "lanes"))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    with pytest.raises(cts.UsageError, match="is damaged: lanes"):
        cts.load(saved)


def test_a_solution_without_checksums_is_told(saved):
    head = json.loads((saved / "solution.json").read_text())
    (saved / "solution.json").write_text(json.dumps(head | {"format": 1}))
    (saved / "manifest.json").unlink()
    with pytest.raises(cts.UsageError, match="earlier version of ctsopt, whose files bear no checksums"):
        cts.load(saved)


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_without_a_solution(tmp_path, there):
    if there:
        (tmp_path / "none").mkdir()
    with pytest.raises(cts.UsageError, match="holds no saved solution"):
        cts.load(tmp_path / "none")


def test_a_folder_with_something_else_is_never_overwritten(solution, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(cts.UsageError, match="is not a saved solution"):
        solution.save(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
    with pytest.raises(cts.UsageError, match="is not a saved solution"):
        solution.save(tmp_path / "thesis.txt")


def test_an_earlier_solution_is_replaced_and_what_is_not_ours_stays(solution, saved):
    (saved / "notes.md").write_text("mine", encoding="utf-8")
    (saved / "costs.parquet").write_bytes(b"")
    solution.save(saved)
    assert (saved / "notes.md").read_text(encoding="utf-8") == "mine"
    assert cts.load(saved).total_cost == solution.total_cost
    assert [path.name for path in saved.parent.iterdir()] == ["plan"]


def test_a_failed_save_leaves_the_earlier_solution(solution, saved, monkeypatch):
    def fails(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", fails)
    with pytest.raises(OSError, match="disk full"):
        solution.save(saved)
    monkeypatch.undo()
    assert cts.load(saved).total_cost == solution.total_cost
    assert [path.name for path in saved.parent.iterdir()] == ["plan"]


def test_a_plan_of_another_network_is_not_replaced_in_silence(solution, tmp_path):
    other = cts.solve(solution.net.with_settings(name="another", currency="CHF"))
    solution.save(tmp_path / "plan")
    solution.save(tmp_path / "plan")  # the same network: nothing to say
    with pytest.warns(cts.CtsWarning, match=rf"held the plan of another network, of cost {solution.total_cost:,.2f}"):
        other.save(tmp_path / "plan")
