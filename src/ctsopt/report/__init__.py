"""Reports of packs and plans: a workbook to check, a page to read, figures for notebooks."""

from __future__ import annotations

from ctsopt.report.workbook import write_workbook

__all__ = ["write_workbook"]
