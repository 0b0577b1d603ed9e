"""How much of several requests for variants one product's stock at a source can fill. Pure.

A request for some dimension values may use every stock row that has them, whatever else the row
says. Requests share rows, so filling them together is a maximum flow from requests to rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .hierarchy import Level


@dataclass(frozen=True, slots=True)
class VariantUnits:
    """Units of one stock row.

    `kept_back` units are not for the requester, but can carry reservations that exist already.
    """

    level: Level
    units: int
    kept_back: bool = False
    stock_id: int = 0


@dataclass(slots=True)
class VariantSupply:
    """The rows of a product at a source.

    `reserved` are the units of coarser reservations (any color) that deeper rows have to fill.
    """

    rows: list[VariantUnits] = field(default_factory=list)
    reserved: list[tuple[Level, int]] = field(default_factory=list)

    def grant(self, requests: Sequence[tuple[Level, int]]) -> list[int]:
        """Return how much of each (level, units) can be filled together.

        Earlier requests come first, but are moved to other rows to make room for later ones. No
        unit is granted twice, and none that a reservation needs.
        """
        if not self.reserved and len(requests) == 1:
            ((level, units),) = requests
            return [min(units, self._units_of(level))]

        flow = _Flow(self.rows)
        for level, units in self.reserved:
            flow.add_request(self._rows_below(level), units)

        return [flow.add_request(self._rows_for(level), units) for level, units in requests]

    def contents(self) -> tuple[list[object], list[object]]:
        """Return rows and reservations in a form that JSON can represent."""
        rows: list[object] = []
        for row in self.rows:
            rows.append([row.stock_id, row.units, row.kept_back])
        reserved: list[object] = []
        for level, units in self.reserved:
            reserved.append([sorted(level), units])
        return rows, reserved

    def _units_of(self, level: Level) -> int:
        total = 0
        for number in self._rows_for(level):
            total += self.rows[number].units
        return total

    def _rows_for(self, level: Level) -> list[int]:
        """Return the numbers of the rows a request at this level may use."""
        found = []
        for number, row in enumerate(self.rows):
            if level <= row.level and not row.kept_back:
                found.append(number)
        return found

    def _rows_below(self, level: Level) -> list[int]:
        """Return the numbers of the rows deeper than this level."""
        return [number for number, row in enumerate(self.rows) if level < row.level]


class _Step(NamedTuple):
    """One step of an augmenting path: the request takes units of the row."""

    request: int
    row: int


class _Flow:
    """A maximum flow of requests to rows, extended by one augmenting path after the other."""

    def __init__(self, rows: Sequence[VariantUnits]) -> None:
        self._allowed: list[Sequence[int]] = []
        self._used: list[dict[int, int]] = [{} for _ in rows]
        self._spare = [row.units for row in rows]

    def add_request(self, allowed: Sequence[int], units: int) -> int:
        """Return how many units of a new request fit; earlier requests keep what they have.

        Args:
            allowed: The numbers of the rows the request may use.
        """
        request = len(self._allowed)
        self._allowed.append(allowed)

        placed = 0
        while placed < units:
            path = self._augmenting_path(request)
            if not path:
                break

            placed += self._augment(path, units - placed)

        return placed

    def _augmenting_path(self, request: int) -> list[_Step]:
        """Return steps from the request to a row with spare units, the shortest path; [] if none.

        The request takes units of the first row; the request that used them takes units of the next
        row instead, and so on.
        """
        reached_by: dict[int, tuple[int, int | None]] = {}
        queue: list[tuple[int, int | None]] = [(request, None)]
        seen = {request}

        for taker, given_up in queue:
            for row in self._allowed[taker]:
                if row in reached_by:
                    continue

                reached_by[row] = taker, given_up
                if self._spare[row]:
                    return _path_to(row, reached_by)

                for user in self._used[row]:
                    if user not in seen:
                        seen.add(user)
                        queue.append((user, row))

        return []

    def _augment(self, path: Sequence[_Step], most: int) -> int:
        """Move units along a path; return how many."""
        last_row = path[-1].row
        units = min(most, self._spare[last_row])

        for step, following in zip(path, path[1:], strict=False):
            units = min(units, self._used[step.row][following.request])

        for step in path:
            used = self._used[step.row]
            used[step.request] = used.get(step.request, 0) + units

        for step, following in zip(path, path[1:], strict=False):
            used = self._used[step.row]
            used[following.request] -= units
            if not used[following.request]:
                del used[following.request]

        self._spare[last_row] -= units
        return units


def _path_to(row: int, reached_by: Mapping[int, tuple[int, int | None]]) -> list[_Step]:
    steps: list[_Step] = []
    current: int | None = row
    while current is not None:
        request, previous = reached_by[current]
        steps.append(_Step(request, current))
        current = previous
    return steps[::-1]
