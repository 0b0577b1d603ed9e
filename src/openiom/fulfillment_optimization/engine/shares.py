"""Shares: the units of each line that each node serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .problem import Ints

ShareRow = tuple[int, int, int]
"""Line, node and units."""


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Units of lines served by nodes: m entries, sorted by line, then node."""

    line: Ints  # (m,)
    node: Ints  # (m,)
    quantity: Ints  # (m,) units

    @classmethod
    def none(cls) -> Shares:
        """Return the shares of a plan that serves nothing."""
        empty = np.zeros(0, dtype=np.int64)
        return cls(empty, empty, empty)

    @classmethod
    def of(cls, rows: Sequence[ShareRow]) -> Shares:
        """Return shares from (line, node, units) rows in any sequence."""
        if not rows:
            return cls.none()
        table = np.array(sorted(rows), dtype=np.int64)
        return cls(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy())

    @classmethod
    def undivided(cls, node: Ints, quantity: Ints) -> Shares:
        """Return the shares of lines served whole by `node` (L,), where -1 leaves a line open."""
        line = np.flatnonzero(node >= 0)
        return cls(line, node[line].astype(np.int64), quantity[line])

    def rows(self) -> list[ShareRow]:
        """Return the (line, node, units) rows."""
        return list(
            zip(self.line.tolist(), self.node.tolist(), self.quantity.tolist(), strict=True)
        )

    def node_of_line(self, lines: int) -> Ints:
        """(L,) node that serves most of each line, the lowest of equals; -1 = open."""
        nodes = np.full(lines, -1, dtype=np.int64)
        ascending = np.lexsort((-self.node, self.quantity, self.line))
        nodes[self.line[ascending]] = self.node[ascending]
        return nodes
