"""
Rows of one product at one source, and what may still be promised on them. Pure.

A reservation of fewer dimensions (any color) stands on every deeper row (red, blue), and a deeper one uses up what
the coarser ones could have had. So a wish must fit its own level and every level above, each with all rows below it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from openiom.inventory_visibility.measures import ZERO, plain

Level = frozenset[tuple[str, str]]
INFINITE = Decimal("Infinity")
_ROOT: Level = frozenset()


@dataclass(slots=True)
class Row:
    """One locked stock row as it will be when this batch is posted."""

    id: int
    level: Level
    on_hand: Decimal
    reserved: Decimal
    overdraft: Decimal
    covered: Decimal
    oversell: bool
    safety_stock: Decimal = ZERO

    @property
    def free(self) -> Decimal:
        return INFINITE if self.oversell else self.on_hand - self.reserved


@dataclass(slots=True)
class Family:
    """All rows of one product at one source. `free` is kept for the levels that were asked for."""

    rows: dict[Level, Row]
    _free: dict[Level, Decimal] = field(default_factory=dict)

    def free(self, level: Level) -> Decimal:
        """Units not promised at this level: the sum over the row itself and all deeper ones."""
        known = self._free.get(level)
        if known is None:
            known = sum((row.free for row in self.rows.values() if level <= row.level), ZERO)
            self._free[level] = known
        return known

    def reserve(self, level: Level, quantity: Decimal) -> None:
        """Hold more at `level`, or less when negative."""
        self.rows[level].reserved += quantity
        self._moved(level, -quantity)

    def supply(self, level: Level, quantity: Decimal) -> None:
        """More stands at `level`, or less when negative."""
        self.rows[level].on_hand += quantity
        self._moved(level, quantity)

    def _moved(self, level: Level, quantity: Decimal) -> None:
        for asked in self._free:
            if asked <= level:
                self._free[asked] += quantity

    def refusal(self, levels: Sequence[Level], quantity: Decimal) -> str:
        """Why so much cannot be held at the last of `levels` (coarsest first); '' when it fits all of them."""
        for level in levels:
            free = self.free(level)
            if quantity > free:
                where = (
                    ", ".join(f"{name} {value}" for name, value in sorted(level))
                    or "the source as a whole"
                )
                return f"{plain(max(free, ZERO))} units are free at {where}, asked for {plain(quantity)}"
        return ""

    def settle(self) -> Iterable[tuple[Row, Decimal, Decimal]]:
        """Rows whose overdraft or covered part must change, with how much each changes.

        From the deepest row up: what is reserved beyond a row's own units is covered by the surplus of deeper rows,
        and what no surplus covers is overdraft.
        """
        if len(self.rows) == 1:
            (row,) = self.rows.values()
            if row.reserved > row.on_hand or row.overdraft or row.covered:
                yield from _set(
                    row, ZERO if row.oversell else max(ZERO, row.reserved - row.on_hand), ZERO
                )
            return
        backed: list[tuple[Level, Decimal]] = []
        for row in sorted(self.rows.values(), key=lambda r: (-len(r.level), r.id)):
            if row.oversell:
                backed.append((row.level, INFINITE))
                yield from _set(row, ZERO, ZERO)
                continue
            own = row.on_hand - row.reserved
            deeper = sum((units for level, units in backed if row.level < level), ZERO)
            overdraft = max(ZERO, -(own + deeper))
            yield from _set(row, overdraft, max(ZERO, -own - overdraft))
            backed.append((row.level, own + overdraft))


def _set(row: Row, overdraft: Decimal, covered: Decimal) -> Iterable[tuple[Row, Decimal, Decimal]]:
    if (overdraft, covered) != (row.overdraft, row.covered):
        yield row, overdraft - row.overdraft, covered - row.covered
        row.overdraft, row.covered = overdraft, covered


def levels_of(dimensions: Mapping[str, str], hierarchy: Sequence[str]) -> list[Level]:
    """The levels a reservation stands under, coarsest first, its own last.

    Raises ValueError when the dimensions are not an unbroken beginning of the hierarchy. The site may be left out:
    a location belongs to one.
    """
    if not dimensions:
        return [_ROOT]
    names = [name for name in hierarchy if name in dimensions]
    unbroken = [name for name in hierarchy if name != "siteid" or "siteid" in dimensions][
        : len(names)
    ]
    if names != unbroken or len(names) != len(dimensions):
        given = ", ".join(sorted(dimensions)) or "none"
        raise ValueError(
            f"dimensions {given} are not an unbroken beginning of {', '.join(hierarchy)}"
        )
    return [
        frozenset((name, dimensions[name]) for name in names[:n]) for n in range(len(names) + 1)
    ]


def local_settlement(row: Row) -> tuple[Decimal, Decimal]:
    """(overdraft, covered) to add to a row whose shortage has only shrunk: overdraft is paid back first."""
    short = ZERO if row.oversell else max(ZERO, row.reserved - row.on_hand)
    covered = min(row.covered, short)
    overdraft = min(row.overdraft, short - covered)
    return overdraft - row.overdraft, covered - row.covered
