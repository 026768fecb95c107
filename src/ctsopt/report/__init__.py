"""Reports of packs and plans: a workbook to check, a page to read, figures for notebooks.

They need the extra `report`: `pip install 'ctsopt[report]'`.
"""

from __future__ import annotations

from ctsopt.report.html import write_html
from ctsopt.report.workbook import write_workbook

__all__ = ["write_html", "write_workbook"]
