"""The second path out of a program; pyomo is imported only when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ctsopt.errors import UsageError

if TYPE_CHECKING:
    from ctsopt.programs.program import Program


def to_pyomo(program: Program) -> Any:
    """The program as a Pyomo ConcreteModel, one named component per block, indexed by business keys.

    See Also
    --------
    ctsopt.programs.pyomo.to_pyomo : what becomes of each block.
    """
    from ctsopt.programs.program import Program
    from ctsopt.programs.pyomo import to_pyomo as convert

    if not isinstance(program, Program):
        raise UsageError(f"a program is needed, not {type(program).__name__}: ctsopt.to_pyomo(ctsopt.program(net))")
    return convert(program)
