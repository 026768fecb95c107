"""Where ctsopt keeps what it remembers between runs."""

from __future__ import annotations

import os
from pathlib import Path


def default_folder() -> Path:
    """$CTSOPT_CACHE, else `ctsopt` below $XDG_CACHE_HOME, else `~/.cache/ctsopt`."""
    stated = os.environ.get("CTSOPT_CACHE")
    if stated:
        return Path(stated)
    # The standard of the variable says that a relative path in it counts as none:
    # https://specifications.freedesktop.org/basedir-spec/latest/
    home = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (home if home.is_absolute() else Path.home() / ".cache") / "ctsopt"
