"""The same Pyomo model, handed over by the older interface, `appsi`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyomo.contrib.appsi.solvers import Highs

from benchmarks.builders.pyomo_rules import build as build

if TYPE_CHECKING:
    import highspy
    import pyomo.environ as pyo


def hand_over(model: pyo.ConcreteModel) -> highspy.Highs:
    """The model inside HiGHS, as Pyomo leaves it before it solves."""
    solver = Highs()
    solver.set_instance(model)
    return solver._solver_model
