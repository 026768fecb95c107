"""What a change costs in another state of demand, once its design is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ctsopt.certified import Certified
from ctsopt.errors import UsageError
from ctsopt.quoting.change import edited
from ctsopt.quoting.lenses import Question

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ctsopt.results.solution import Solution


def cost_in(base: Solution, plan: Solution, changed: Collection[str], edits: Sequence[Mapping[str, Any]]) -> Certified:
    """Cash of the changed plan's design less that of today's, both in the same state [money over the horizon].

    Raises
    ------
    UsageError
        If a design cannot serve the state.
    """
    ends = []
    for each in (plan, base):
        net = edited(each.net, edits)
        answer = Question(each, net, frozenset(changed)).answer("flows")
        if not answer.possible:
            whose = "that of the quote" if each is plan else "today's"
            raise UsageError(f"in a state of demand the design ({whose}) cannot serve all that is promised "
                             f"({answer.proof}): there is no cost to compare")
        ends.append(Certified(answer.low, answer.point, answer.point) + Certified(*[each.cash_cost] * 3))
    return ends[0] - ends[1]
