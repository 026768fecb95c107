"""The network as an object: it does not change, edits return another, and its hash is its content."""

from __future__ import annotations

import copy
import hashlib
import pickle
import struct

import numpy as np
import pandas as pd
import pytest

from ctsopt.errors import CtsWarning, DataError, UsageError
from ctsopt.networks.network import Network, check, network
from ctsopt.networks.schema import TABLES
from tests.networks import example


@pytest.fixture(scope="module")
def net() -> Network:
    return network(example.sources())


def test_tables_axes_and_settings(net: Network):
    assert list(net.tables) == [t.name for t in TABLES]
    assert net.settings["currency"] == "NO"
    assert net.settings["circuity"] == 1.3
    assert net.horizon == 365.0
    names = {"site": ["Dock", "Mine", "NA", "Plant", "West"], "customer": ["Anna", "Boris", "Chloé"],
             "end": ["Anna", "Boris", "Chloé"], "product": ["00123", "1E10"], "tier": ["gold", "silver"],
             "period": ["winter", "summer"],
             "mode": ["parcel", "rail", "truck"], "product_class": ["large", "small"], "zone": ["coast", "north"],
             "profile": ["mixed"], "contract": ["lease", "two"], "site_group": ["east", "west"]}
    assert {name: axis.labels.tolist() for name, axis in net.axes.items()} == names
    with pytest.raises(UsageError, match=r"no table 'lane'; did you mean 'lanes'\?"):
        net.tables["lane"]
    assert "lane" not in net.tables


def test_codes(net: Network):
    # lanes in order: Dock Anna, Dock Chloé, Mine Dock, Mine NA, NA Anna, NA Boris, NA Chloé, NA West, Plant Boris, ...
    assert net.codes("lanes", "origin").tolist()[:9] == [0, 0, 1, 1, 2, 2, 2, 2, 3]
    assert net.codes("lanes", "destination", "site").tolist()[:9] == [-1, -1, 0, 2, -1, -1, -1, 4, -1]
    assert net.codes("lanes", "destination", "customer").tolist()[:9] == [0, 2, -1, -1, 0, 1, 2, -1, 1]
    assert net.codes("lanes", "mode").tolist()[:4] == [2, -1, 2, -1]
    assert net.codes("demand", "period").tolist() == [0, 1, 1, 0, 0, 0]
    assert net.codes("demand", "profile").tolist() == [-1, 0, -1, -1, -1, -1]
    assert net.codes("customers", "tier").dtype == np.int32
    assert net.codes("promises", "product_class").tolist() == [-1, 0, 1]
    assert net.codes("contracts", "group").tolist() == [1, -1]
    assert net.codes("lanes", "origin") is net.codes("lanes", "origin")
    with pytest.raises(ValueError, match="read-only"):
        net.codes("lanes", "origin")[0] = 5
    with pytest.raises(UsageError, match="say which: site, customer"):
        net.codes("lanes", "destination")


def test_row_numbers_follow_the_rows(net: Network):
    origin = example.tables()["lanes"]["origin"].to_numpy()
    assert origin[net.rows["lanes"]].tolist() == net.tables["lanes"]["origin"].tolist()


def test_a_network_does_not_change(net: Network):
    before = net.hash
    for name in ("tables", "settings", "horizon", "anything"):
        with pytest.raises(AttributeError, match="does not change"):
            setattr(net, name, 1)
    with pytest.raises(AttributeError, match="does not change"):
        del net.findings
    with pytest.raises(TypeError):
        net.settings["circuity"] = 2.0  # type: ignore[index]
    with pytest.raises(TypeError):
        net.axes["site"] = None  # type: ignore[index]
    table = net.tables["sites"]
    table.loc[0, "site"] = "Hamburg"
    table["capacity"] = 0.0
    del table["kind"]
    with pytest.warns(CtsWarning, match="is lost"):
        del table
    values = net.tables["demand"]["quantity"]
    values.iloc[:] = -1
    with pytest.raises(ValueError, match="read-only"):
        net.tables["demand"]["quantity"].to_numpy()[0] = -1
    fresh = network(example.sources())
    for name in net.tables:
        pd.testing.assert_frame_equal(net.tables[name], fresh.tables[name])
    assert net.content.content_hash() == before == fresh.hash


def test_frames_that_were_handed_in_are_not_touched_and_not_kept():
    sources = example.sources()
    net = network(sources)
    pristine = example.tables()
    for name, frame in pristine.items():
        pd.testing.assert_frame_equal(sources[name], frame)
    before = net.tables["demand"]["quantity"].tolist()
    sources["demand"].loc[:, "quantity"] = "1"
    assert net.tables["demand"]["quantity"].tolist() == before
    typed = {n: net.tables[n] for n in net.given}
    again = network({**typed, "settings": dict(net.settings)})
    typed["demand"].loc[:, "quantity"] = 1.0
    assert again.tables["demand"]["quantity"].tolist() == before


@pytest.mark.slow
def test_edits_return_another_network(net: Network):
    before = net.hash
    doubled = net.with_table("demand", net.tables["demand"].assign(quantity=lambda d: 2 * d["quantity"]))
    assert doubled.tables["demand"]["quantity"].sum() == 2 * net.tables["demand"]["quantity"].sum() == 22600
    dearer = net.with_settings(circuity=1.5, currency="EUR")
    assert (dearer.settings["circuity"], dearer.settings["currency"], dearer.settings["life"]) == (1.5, "EUR", 8.0)
    assert len({before, doubled.hash, dearer.hash}) == 3
    assert net.hash == network(example.sources()).hash == before
    assert net.settings["circuity"] == 1.3
    assert doubled.with_table("demand", net.tables["demand"]) == net
    assert dearer.with_settings(circuity=1.3, currency="NO") == net
    assert net.with_table("sites", net.tables["sites"]) == net


def test_edits_are_checked_in_full(net: Network):
    with pytest.raises(DataError) as error:
        net.with_table("modes", net.tables["modes"].query("mode != 'rail'"))
    rows = {(f.rule, f.table, tuple(f.rows)) for f in error.value.findings.errors}
    assert rows == {("unknown_reference", "lanes", (0,))}  # lanes keep the row numbers they came with
    with pytest.raises(DataError, match="unknown_setting"):
        net.with_settings(circuitry=2)
    with pytest.raises(DataError, match="above_bound"):
        net.with_settings(circuity=9.0)
    with pytest.raises(UsageError, match="did you mean 'lanes'"):
        net.with_table("lane", net.tables["lanes"])
    with pytest.raises(UsageError, match="no table"):
        net.with_table("settings", net.tables["lanes"])


def test_a_table_that_was_not_given_follows_the_others():
    base = {"sites": pd.DataFrame({"site": ["S"], "kind": ["plant"]}), "customers": pd.DataFrame({"customer": ["C"]}),
            "demand": pd.DataFrame({"customer": ["C"], "quantity": [1]}),
            "rates": pd.DataFrame({"origin": ["S"], "destination": ["C"], "mode": ["truck"], "per_unit": [1]})}
    net = network(base)
    assert net.axes["mode"].labels.tolist() == ["truck"]
    other = net.with_table("rates", base["rates"].assign(mode="van"))
    assert other.axes["mode"].labels.tolist() == ["van"]
    assert net.given == {"sites", "customers", "demand", "rates"}
    gone = net.with_table("contracts", pd.DataFrame({"contract": ["c"], "kind": ["sites_in_group"], "quantity": [1]}))
    assert gone.with_table("contracts", None) == net


@pytest.mark.slow
def test_the_hash_is_the_content_with_defaults_resolved(net: Network):
    sources = example.sources()
    base = {"sites": pd.DataFrame({"site": ["S"], "kind": ["plant"]}), "customers": pd.DataFrame({"customer": ["C"]}),
            "demand": pd.DataFrame({"customer": ["C"], "quantity": [1]}),
            "rates": pd.DataFrame({"origin": ["S"], "destination": ["C"], "per_unit": [1]})}
    explicit = {
        "sites": base["sites"].assign(status="open", capacity="", may_open="TRUE", fixed_cost="0.0"),
        "customers": base["customers"].assign(tier="standard", single_source="no"),
        "demand": base["demand"].assign(product="goods", period="year", quantity="1.000"),
        "periods": pd.DataFrame({"period": ["year"], "days": [365]}),
        "products": pd.DataFrame({"product": ["goods"], "weight": [1.0]}),
        "modes": pd.DataFrame({"mode": ["standard"]}), "tiers": pd.DataFrame({"tier": ["standard"]}),
        "rates": base["rates"].assign(mode="*", product="*", from_weight=0), "settings": {"circuity": "1.20"}}
    assert network(explicit).hash == network(base).hash
    changes = [("sites", "region", "x"), ("customers", "group", "x"), ("tiers", "rank", "3"),
               ("demand", "quantity", "1"), ("lanes", "distance", "701"), ("modes", "bill_next_break", "yes"),
               ("promises", "per", "period")]
    hashes = {net.hash}
    for table, column, text in changes:
        frame = sources[table].copy()
        frame.loc[0, column] = text
        hashes.add(network({**sources, table: frame}).hash)
    assert len(hashes) == len(changes) + 1


def test_the_hash_does_not_depend_on_the_process_or_the_version():
    """Worked out with sha256 over the documented bytes: settings, then every column that is not at its default."""
    net = network({"sites": pd.DataFrame({"site": ["S"], "kind": ["plant"]}),
                   "customers": pd.DataFrame({"customer": ["C"]}),
                   "demand": pd.DataFrame({"customer": ["C"], "quantity": [2.5]}),
                   "rates": pd.DataFrame({"origin": ["S"], "destination": ["C"], "per_unit": [1]}),
                   "settings": {"currency": "EUR", "life": 5}})
    number = struct.Struct("<d").pack
    parts = [b"settings\0currency\0EUR\0", b"settings\0life\0" + number(5.0).hex().encode() + b"\0"]
    for table, column, content in (
            ("periods", "period", b"year\0"), ("periods", "days", number(365.0)), ("products", "product", b"goods\0"),
            ("sites", "site", b"S\0"), ("sites", "kind", b"plant\0"), ("customers", "customer", b"C\0"),
            ("tiers", "tier", b"standard\0"), ("demand", "customer", b"C\0"), ("demand", "product", b"goods\0"),
            ("demand", "period", b"year\0"), ("demand", "quantity", number(2.5)), ("modes", "mode", b"standard\0"),
            ("rates", "origin", b"S\0"), ("rates", "destination", b"C\0"), ("rates", "mode", b"*\0"),
            ("rates", "product", b"*\0"), ("rates", "from_distance", number(0.0)),
            ("rates", "from_weight", number(0.0)), ("rates", "per_unit", number(1.0))):
        parts.append(f"{table}\0{column}\0{len(content)}\0".encode() + content)
    assert net.hash == hashlib.sha256(b"".join(parts)).hexdigest()


def test_equality_and_hashing(net: Network):
    same = network(example.sources())
    assert net == same
    assert hash(net) == hash(same)
    assert {net, same} == {net}
    assert net != net.with_settings(life=9)
    assert net != "net"


def test_copies_and_pickles(net: Network):
    for twin in (copy.copy(net), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert twin == net
        assert twin.tables["sites"].equals(net.tables["sites"])
        assert len(twin.ways) == len(net.ways)


def test_requests_and_promises(net: Network):
    assert len(net.requests) == 6
    assert net.promises.index.names == ("tier", "product_class", "period")


def test_what_a_network_says_of_itself(net: Network):
    assert repr(net) == ("<Network 'example': 5 sites (1 crossdock, 2 dc, 1 plant, 1 supplier), 3 customers, "
                         "2 products, 2 tiers, 3 modes>")
    text = str(net)
    assert "horizon 365 days in 2 periods, currency NO" in text
    assert f"{len(net.ways.deliveries)} ways to deliver, {len(net.ways.moves)} ways to move" in text
    assert "0 warnings" in text


def test_check_finds_what_the_ways_find(net: Network):
    sources = example.sources()
    sources["customers"] = pd.concat([sources["customers"], pd.DataFrame({"customer": ["Far"], "tier": ["gold"]})])
    sources["demand"] = pd.concat([sources["demand"], pd.DataFrame({
        "customer": ["Far"], "product": ["00123"], "period": ["winter"], "quantity": ["5"], "order_size": ["1"]})])
    rules = [f.rule for f in check(sources).errors]
    assert rules == ["unreachable_customer"]
    with pytest.raises(DataError, match="unreachable_customer"):
        network(sources)
    assert list(check(example.sources())) == list(net.findings) == []
