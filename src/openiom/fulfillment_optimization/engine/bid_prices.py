"""Prices that orders pay for the stock and the parcels they take from later orders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .problem import Floats, SourcingProblem


@dataclass(frozen=True, slots=True, eq=False)
class BidPrices:
    """Money that a unit of stock and a parcel of a node are worth to orders still to come; >= 0."""

    stock: Floats  # (N, S) money a unit
    node: Floats  # (N,) money a parcel, pressure included

    @classmethod
    def zero(cls, problem: SourcingProblem) -> BidPrices:
        """Return prices of zero: later orders need nothing that is scarce."""
        return cls(np.zeros((problem.nodes, problem.skus)), np.zeros(problem.nodes))
