"""The file of settings: one name and one text a line, read as strictly as any YAML here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ctsopt.errors import Finding
from ctsopt.tables.csv_files import decode, unreadable
from ctsopt.tables.raw import RawSetting, is_own
from ctsopt.tables.yaml_nodes import Block, Node, Scalar, Source, parse

LARGEST_SETTINGS = 1 << 20
"""Bytes of the settings file."""

_NULLS = ("", "~", "null", "Null", "NULL")
_ONE_A_LINE = "one setting a line, as in `currency: EUR`"


def read_settings(path: Path, name: str) -> tuple[list[RawSetting], list[Finding]]:
    """Top-level scalars as text: no type is guessed, and lines are known.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Name of the table of settings, for findings.
    """
    try:
        if path.stat().st_size > LARGEST_SETTINGS:
            return [], [Finding("too_large_file", name, "", f"{path.name} has more than {LARGEST_SETTINGS} bytes",
                                "keep one short line a setting")]
        data = path.read_bytes()
    except OSError as error:
        return [], [unreadable(path, name, error)]
    text, found = decode(data, name, path.name)
    if text is None:
        return [], [f for f in found if f.rule != "empty_file"]
    source = parse(text, path.name)
    findings = list(_not_yaml(source, name))
    if not isinstance(source.root, Block):
        if source.root is not None:
            findings.append(_fault(name, f"{path.name} is not a list of settings", 1))
        return [], findings
    entries = [(source.root.names[key], key, value) for key, value in source.root.values.items()]
    settings = []
    for line, key, value in sorted([*entries, *source.root.again], key=lambda entry: entry[0]):
        if is_own(key):
            continue
        if isinstance(value, Scalar):
            settings.append(RawSetting(key, "" if _is_null(value) else value.text, line))
        else:
            findings.append(Finding("setting_not_single", name, key, f"{path.name}: the setting has more than one "
                                    "value", "write one value", (line,), (key,)))
    return settings, findings


def _not_yaml(source: Source, name: str) -> Iterator[Finding]:
    """What whoever reads YAML has found. An empty file is no fault; a name given twice is told later."""
    for finding in source.findings:
        if finding.rule not in {"empty_file", "duplicate_key"}:
            yield _fault(name, f"{source.file}: {finding.message}", int(finding.place.rpartition(":")[2]))


def _fault(name: str, message: str, line: int) -> Finding:
    return Finding("broken_yaml", name, "", message, _ONE_A_LINE, (line,), ("",))


def _is_null(value: Node) -> bool:
    return isinstance(value, Scalar) and value.bare and value.text in _NULLS
