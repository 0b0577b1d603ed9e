"""What later orders would pay: the prices a batch leaves behind for real time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .problem import Floats, Problem


@dataclass(frozen=True, slots=True, eq=False)
class BidPrices:
    """What one more unit, parcel place or order-line place is worth to the orders still to come; >= 0."""

    stock: Floats  # (N, S) money a unit
    node: Floats  # (N,) money a parcel, pressure included

    @classmethod
    def none(cls, problem: Problem) -> BidPrices:
        """Nothing is worth waiting for."""
        return cls(np.zeros((problem.nodes, problem.skus)), np.zeros(problem.nodes))
