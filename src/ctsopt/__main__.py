"""`python -m ctsopt` is the command `ctsopt`."""

from __future__ import annotations

from ctsopt.cli import main

if __name__ == "__main__":
    main()
