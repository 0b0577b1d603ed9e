"""Who serves what: units of lines from nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .problem import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Units of a line served by a node, sorted by line, then node."""

    line: Ints
    node: Ints
    quantity: Ints

    @classmethod
    def none(cls) -> Shares:
        """Nothing is served."""
        empty = np.zeros(0, dtype=np.int64)
        return cls(empty, empty, empty)

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int]]) -> Shares:
        """From (line, node, quantity) rows in any order."""
        if not rows:
            return cls.none()
        table = np.array(sorted(rows), dtype=np.int64)
        return cls(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy())

    @classmethod
    def undivided(cls, node: Ints, quantity: Ints) -> Shares:
        """Undivided lines: `node` (L,) serves all of each line, -1 none of it."""
        line = np.flatnonzero(node >= 0)
        return cls(line, node[line].astype(np.int64), quantity[line])

    def node_of_line(self, lines: int) -> Ints:
        """(L,) the node serving most of each line (the lowest of equals), -1 = open."""
        answer = np.full(lines, -1, dtype=np.int64)
        order = np.lexsort((-self.node, self.quantity, self.line))
        answer[self.line[order]] = self.node[order]
        return answer
