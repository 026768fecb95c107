"""What a check of the cases of a pack found, kept beside the answers: the networks of many cases take long to make."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ctsopt.errors import Finding
from ctsopt.files import whole_file
from ctsopt.networks.network import Network
from ctsopt.packs.draft import Case
from ctsopt.packs.resolve import Checked, check_cases
from ctsopt.running.cache import fingerprint

_FORMAT = 1
_FOLDER = "checks"


def remembered(base: Network, cases: Sequence[Case], folder: Path) -> Checked:
    """What `check_cases` finds, from the folder where it was found before; a file that is not whole counts as none."""
    key = _key(base, cases)
    place = folder / _FOLDER / f"{key}.json"
    known = _read(place, key)
    if known is not None:
        return known
    checked = check_cases(base, cases)
    text = json.dumps({"format": _FORMAT, "key": key, "hashes": checked.hashes,
                       "findings": [asdict(finding) for finding in checked.findings]})
    with contextlib.suppress(OSError):  # a folder that cannot be written to is a fault of the run, which says so
        place.parent.mkdir(parents=True, exist_ok=True)
        whole_file(place, lambda draft: draft.write_text(f"{_sum(text)}\n{text}\n", encoding="utf-8"))
    return checked


def _read(place: Path, key: str) -> Checked | None:
    try:
        total, _, text = place.read_text(encoding="utf-8").partition("\n")
    except (OSError, ValueError):
        return None
    text = text.removesuffix("\n")
    if total != _sum(text):
        return None
    content: dict[str, Any] = json.loads(text)
    if content["format"] != _FORMAT or content["key"] != key:
        return None
    return Checked([_finding(each) for each in content["findings"]], dict(content["hashes"]))


def _finding(told: dict[str, Any]) -> Finding:
    """A finding from what `asdict` made of it."""
    parts: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    return Finding(**parts)


def _key(base: Network, cases: Sequence[Case]) -> str:
    """SHA-256 of all that a check depends on: the model, every case with its edits and their lines, and ctsopt."""
    told = [(case.name, case.parent, case.kind, case.state, case.bridge, case.edits, case.origin.at(),
             [(step.origin.label, step.origin.at(), step.edit is None) for step in case.steps]) for case in cases]
    content = [_FORMAT, base.hash, [str(base.findings), sorted(base.given)], repr(told), dict(fingerprint())]
    return _sum(json.dumps(content, sort_keys=True))


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
