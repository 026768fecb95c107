"""What a check found is remembered while nothing it depends on has changed; what is damaged counts as not there."""

from __future__ import annotations

from pathlib import Path

import pytest

import ctsopt as cts
from ctsopt.packs import remembered
from tests.packs.pack_files import HEAD, folder, pack_file

PACK = HEAD + """
scenarios:
  slow: {apply: [{table: modes, where: {mode: truck}, set: {speed: 80}}]}
  tight: {apply: [{table: promises, where: {tier: gold}, set: {lead_time: 0.1}}]}
"""


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every check that is made, by its number of cases."""
    made: list[int] = []
    real = remembered.check_cases

    def spy(base, cases):
        made.append(len(cases))
        return real(base, cases)

    monkeypatch.setattr(remembered, "check_cases", spy)
    return made


@pytest.mark.slow
def test_a_check_is_made_once_and_says_the_same_again(tmp_path: Path, checks: list[int]) -> None:
    file = pack_file(folder(tmp_path), PACK)
    first, second = (cts.read_pack(file, cache=tmp_path / "cache") for _ in range(2))
    plain = cts.read_pack(file)
    assert checks == [3]
    assert list(first.findings) == list(plain.findings)
    assert str(second.findings) == str(plain.findings)
    assert {f.rule for f in plain.findings} == {"speed_per_hour", "unreachable_customer"}
    assert first.hashes == second.hashes == plain.hashes
    stored, = (tmp_path / "cache" / "checks").iterdir()
    stored.write_text(stored.read_text(encoding="utf-8").replace(first.hashes["slow"], "0" * 64), encoding="utf-8")
    assert cts.read_pack(file, cache=tmp_path / "cache").hashes == plain.hashes
    assert checks == [3, 3]
    pack_file(tmp_path, PACK.replace("speed: 80", "speed: 90"))
    assert cts.read_pack(file, cache=tmp_path / "cache").hashes["slow"] != plain.hashes["slow"]
    assert checks == [3, 3, 3]


def test_a_saved_network_is_looked_at_when_it_is_asked(tmp_path: Path) -> None:
    from ctsopt.networks.network import reopened
    from tests.packs.pack_files import model

    slow = model().with_edits({"table": "modes", "where": {"mode": "truck"}, "set": {"speed": 80}})
    slow.write(tmp_path / "net")
    net = reopened(tmp_path / "net")
    assert "_derived" not in net.__dict__
    assert net.hash == slow.hash
    assert [f.rule for f in net.findings] == [f.rule for f in slow.findings] == ["speed_per_hour"]
    assert len(net.ways.deliveries) == len(slow.ways.deliveries) > 0
