"""Settings that every test shares."""

from __future__ import annotations

import os

# A terminal's width and colours must not change what a test sees.
os.environ.setdefault("COLUMNS", "120")
os.environ.setdefault("NO_COLOR", "1")
