"""One measurement in a process of its own: `python -m benchmarks.worker TASK.json RESULT.json`."""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import pickle
import re
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import highspy

BUILDERS = {"ctsopt": "ctsopt_program", "raw": "raw_arrays", "linopy": "linopy_flat", "linopy-boxes": "linopy_boxes",
            "pyomo": "pyomo_rules", "pyomo-appsi": "pyomo_appsi"}
"""Modules of the builders, by the name under which they are reported."""


def main(task_file: str, result_file: str) -> None:
    """Carry out a task and write down what it took."""
    task = json.loads(Path(task_file).read_text())
    warnings.simplefilter("ignore")
    measure = measure_phases if task["what"] == "phases" else measure_builder
    Path(result_file).write_text(json.dumps(measure(task)))


def measure_builder(task: dict[str, Any]) -> dict[str, Any]:
    """Build and hand over one case twice: the first time for the memory, the second time for the seconds.

    A slow builder builds a small case first, then the case once.
    """
    builder = importlib.import_module(f"benchmarks.builders.{BUILDERS[task['builder']]}")
    folder = Path(task["folder"])
    if task["once"]:
        builder.hand_over(builder.build(_source(task["builder"], folder / task["warm_up"])))
    source = _source(task["builder"], folder / task["case"])
    memory = Memory()
    if not task["once"]:
        builder.hand_over(builder.build(source))
    megabytes = None if task["once"] else memory.peak()
    model, build = timed(builder.build, source)
    highs, hand_over = timed(builder.hand_over, model)
    result = {"build": build, "hand_over": hand_over, "megabytes": megabytes or memory.peak(),
              "program": fingerprint(highs)}
    if task["solve"]:
        result["optimum"] = optimum(highs)
    return result


def _source(builder: str, folder: Path) -> Any:
    """The network for ctsopt, the derived ways for the others, all of it in memory."""
    name = "network" if builder == "ctsopt" else "ready"
    with (folder / f"{name}.pickle").open("rb") as file:
        source = pickle.load(file)
    if builder != "ctsopt":
        source.touch()
    return source


def measure_phases(task: dict[str, Any]) -> dict[str, Any]:
    """Every phase of ctsopt, from the CSV files to the tables of a plan."""
    from benchmarks import phases

    folder = Path(task["folder"])
    phases.run(folder / task["warm_up"], timed)
    memory = Memory()
    seconds, marks = phases.run(folder / task["case"], timed, memory.peak)
    return {"seconds": seconds, "megabytes": marks}


def timed(call: Callable[..., Any], *arguments: Any) -> tuple[Any, dict[str, float]]:
    """The result of a call, and the seconds it took: of this process's processor time, and of the clock."""
    gc.collect()
    clock, processor = time.perf_counter(), time.process_time()
    result = call(*arguments)
    return result, {"cpu": time.process_time() - processor, "clock": time.perf_counter() - clock}


class Memory:
    """Memory over what is held at the start (Linux: resident set, with the peak reset)."""

    def __init__(self) -> None:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
        self._start = _resident("VmRSS")

    def peak(self) -> float:
        """Most that was held since then, MB."""
        return round(_resident("VmHWM") - self._start, 1)


def _resident(field: str) -> float:
    found = re.search(rf"{field}:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024 / 1e6


def fingerprint(highs: highspy.Highs) -> dict[str, float]:
    """What must agree between two builders, whatever the order of columns and rows and the sign of a row."""
    lp = highs.getLp()
    coefficients, cost = np.array(lp.a_matrix_.value_), np.array(lp.col_cost_)
    sides = np.array([lp.row_lower_, lp.row_upper_])
    ends = np.array([lp.col_lower_, lp.col_upper_])
    return {"columns": highs.getNumCol(), "rows": highs.getNumRow(), "nonzeros": highs.getNumNz(),
            "cost": float(cost.sum()), "cost squared": float((cost**2).sum()),
            "coefficients": float(np.abs(coefficients).sum()), "coefficients squared": float((coefficients**2).sum()),
            "sides": float(np.abs(sides[np.isfinite(sides)]).sum()), "free sides": int(np.isinf(sides).sum()),
            "bounds": float(np.abs(ends[np.isfinite(ends)]).sum()), "free bounds": int(np.isinf(ends).sum()),
            "whole": sum(kind != type(kind).kContinuous for kind in lp.integrality_)}


def optimum(highs: highspy.Highs) -> float:
    """Optimum of the linear relaxation."""
    for option, value in (("solve_relaxation", True), ("output_flag", False), ("time_limit", 120.0)):
        highs.setOptionValue(option, value)
    highs.run()
    if highs.modelStatusToString(highs.getModelStatus()) != "Optimal":
        raise SystemExit(f"HiGHS ended with {highs.modelStatusToString(highs.getModelStatus())}")
    return float(highs.getInfo().objective_function_value)


if __name__ == "__main__":
    main(*sys.argv[1:])
