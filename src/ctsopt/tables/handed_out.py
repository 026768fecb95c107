"""Tables as a network hands them out: copies that notice when an edit of theirs would be lost.

A network does not change, so that an edit of such a copy has no effect until a network is made of it, or of a frame
that was derived from it. An edited copy of which nothing was made says so when it is thrown away, and when its network
is used while the copy is still there.
"""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd

from ctsopt.errors import CtsWarning

_INDEXERS = ("loc", "iloc", "at", "iat")


class HandedOut(pd.DataFrame):
    """A table of a network, to read, or to edit and hand back. Whatever is derived from it is an ordinary frame."""

    _metadata = ("_table", "_edited", "_taken")  # pandas keeps these attributes beside the columns

    def __init__(self, frame: pd.DataFrame, table: str) -> None:
        super().__init__(frame)  # type: ignore[call-arg]  # the stubs know no __init__
        self._table, self._edited, self._taken = table, False, False

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        self._edited = False  # what is derived from it has the edit
        return pd.DataFrame

    def __reduce__(self) -> tuple[type[HandedOut], tuple[pd.DataFrame, str]]:
        return HandedOut, (pd.DataFrame(self), self._table)

    def __del__(self) -> None:
        self.warn_of_loss(stacklevel=2)

    def warn_of_loss(self, stacklevel: int) -> None:
        """Say, once, that the frame was edited and that nothing was made of it."""
        if getattr(self, "_edited", False):
            self._edited = False
            warnings.warn(f"an edit of tables[{self._table!r}] is lost: it was made in a copy, and a network does not "
                          f"change. Keep the copy and make a new network of it: table = net.tables[{self._table!r}]; "
                          f"(edit table); net = net.with_table({self._table!r}, table)", CtsWarning,
                          stacklevel=stacklevel + 1)

    def taken(self) -> None:
        """A network is made of it: nothing is lost, and what becomes of it afterwards is its owner's business."""
        self._edited, self._taken = False, True

    def edited(self) -> None:
        """It is not what was handed out any more."""
        self._edited = not self._taken

    # ---- every way to edit a frame in place ----------------------------------------------------------------------

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self.edited()

    def __delitem__(self, key: Any) -> None:  # type: ignore[misc]  # final in the stubs only
        super().__delitem__(key)
        self.edited()

    def insert(self, *args: Any, **kwargs: Any) -> None:
        """See pandas."""
        super().insert(*args, **kwargs)
        self.edited()

    def _update_inplace(self, result: Any, *args: Any, **kwargs: Any) -> None:
        super()._update_inplace(result, *args, **kwargs)  # type: ignore[misc]  # where methods with `inplace` end
        self.edited()

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name in ("columns", "index"):
            self.edited()

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return _Indexer(found, self) if name in _INDEXERS else found


class _Indexer:
    """`loc` and its like, which tell the frame that it was edited."""

    def __init__(self, indexer: Any, frame: HandedOut) -> None:
        self._indexer, self._frame = indexer, frame

    def __getattr__(self, name: str) -> Any:
        return getattr(self._indexer, name)  # one indexer uses another

    def __getitem__(self, key: Any) -> Any:
        return self._indexer[key]

    def __call__(self, axis: Any = None) -> _Indexer:
        return _Indexer(self._indexer(axis=axis), self._frame)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._indexer[key] = value
        self._frame.edited()
