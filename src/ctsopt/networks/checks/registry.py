"""The rules of a network's tables; `ctsopt.tables.rules` says how one is written down."""

from __future__ import annotations

from ctsopt.tables.rules import Rules

RULES = Rules()
rule = RULES.rule
check_tables = RULES.check
