"""Where ctsopt keeps what it remembers between runs."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path


def default_folder() -> Path:
    """$CTSOPT_CACHE, else the folder `ctsopt` among the user's caches, wherever this system keeps them."""
    stated = os.environ.get("CTSOPT_CACHE")
    return Path(stated) if stated else user_cache_path("ctsopt", appauthor=False)
