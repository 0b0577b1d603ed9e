"""Availability of one product at one source along the dimension hierarchy. Pure.

A reservation of fewer dimensions (any color) can be filled from every deeper row (red, blue), and
a reservation of a deeper row uses up what the coarser levels could have had. A request therefore
has to fit its own level and every coarser one, each counted with all rows below it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from openiom.inventory_visibility.measures import ZERO, format_quantity

Level = frozenset[tuple[str, str]]
"""Dimension values as (name, value) pairs; the empty set is the root of a family."""

INFINITE = Decimal("Infinity")
ROOT: Level = frozenset()


@dataclass(slots=True)
class LockedStockRow:
    """A locked stock row with the quantities it will have once the batch is posted.

    `kept_back` are allocated units that the configured formula keeps from reservations.
    """

    id: int
    level: Level
    on_hand: Decimal
    reserved: Decimal
    overdraft: Decimal
    backed_by_variants: Decimal
    oversell: bool
    safety_stock: Decimal = ZERO
    kept_back: Decimal = ZERO

    @property
    def free(self) -> Decimal:
        """Units that are not reserved; infinite when the row may be oversold."""
        return INFINITE if self.oversell else self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class BackingChange:
    """How much the overdraft and the variant-backed part of a row must change."""

    row: LockedStockRow
    overdraft: Decimal
    backed_by_variants: Decimal


@dataclass(slots=True)
class StockFamily:
    """All rows of one product at one source; `_free` caches the levels asked for so far."""

    rows: dict[Level, LockedStockRow]
    _free: dict[Level, Decimal] = field(default_factory=dict)

    def free(self, level: Level) -> Decimal:
        """Return what may be reserved at a level: of its own row and of all deeper ones."""
        known = self._free.get(level)
        if known is None:
            known = ZERO
            for row in self.rows.values():
                if level <= row.level:
                    known += row.free - row.kept_back

            self._free[level] = known

        return known

    def reserve(self, level: Level, quantity: Decimal) -> None:
        """Reserve units at a level, or unreserve them when `quantity` is negative."""
        self.rows[level].reserved += quantity
        self._change_free(level, -quantity)

    def add_supply(self, level: Level, quantity: Decimal) -> None:
        """Raise on hand at a level, or lower it when `quantity` is negative."""
        self.rows[level].on_hand += quantity
        self._change_free(level, quantity)

    def _change_free(self, level: Level, quantity: Decimal) -> None:
        for cached in self._free:
            if cached <= level:
                self._free[cached] += quantity

    def refusal(self, levels: Sequence[Level], quantity: Decimal) -> str:
        """Return why the quantity does not fit, or '' when it fits every one of `levels`.

        `levels` runs from the coarsest level to that of the request.
        """
        for level in levels:
            free = self.free(level)
            if quantity > free:
                return shortage_text(free, _describe(level), quantity)

        return ""

    def rebalance(self) -> Iterable[BackingChange]:
        """Yield the rows whose overdraft or variant-backed part must change, and apply the change.

        Rows are visited from the deepest up: what is reserved beyond a row's own units is backed
        by the surplus of deeper rows; what no surplus backs is overdraft.
        """
        if len(self.rows) == 1:
            (row,) = self.rows.values()
            yield from _set_backing(row, _shortage(row), ZERO)
            return

        surplus: list[tuple[Level, Decimal]] = []
        for row in sorted(self.rows.values(), key=_deepest_first):
            if row.oversell:
                surplus.append((row.level, INFINITE))
                yield from _set_backing(row, ZERO, ZERO)
                continue

            own = row.on_hand - row.reserved
            deeper = ZERO

            for level, units in surplus:
                if row.level < level:
                    deeper += units

            overdraft = max(ZERO, -(own + deeper))
            yield from _set_backing(row, overdraft, max(ZERO, -own - overdraft))
            surplus.append((row.level, own + overdraft))


def shortage_text(free: Decimal, where: str, quantity: Decimal) -> str:
    """Return the reason of a refusal: how many units are free where."""
    available = format_quantity(max(free, ZERO))
    return f"{available} units are free at {where}, requested {format_quantity(quantity)}"


def _deepest_first(row: LockedStockRow) -> tuple[int, int]:
    return -len(row.level), row.id


def _describe(level: Level) -> str:
    if not level:
        return "the source as a whole"
    return ", ".join(f"{name} {value}" for name, value in sorted(level))


def _shortage(row: LockedStockRow) -> Decimal:
    """Return the reserved units a row cannot fill itself."""
    return ZERO if row.oversell else max(ZERO, row.reserved - row.on_hand)


def _set_backing(
    row: LockedStockRow, overdraft: Decimal, backed_by_variants: Decimal
) -> Iterable[BackingChange]:
    if (overdraft, backed_by_variants) != (row.overdraft, row.backed_by_variants):
        yield BackingChange(
            row, overdraft - row.overdraft, backed_by_variants - row.backed_by_variants
        )
        row.overdraft, row.backed_by_variants = overdraft, backed_by_variants


def levels_of(dimensions: Mapping[str, str], hierarchy: Sequence[str]) -> list[Level]:
    """Return the levels a reservation has to fit, the coarsest first and its own last.

    The site may be left out, because a location belongs to one.

    Raises:
        ValueError: The dimensions are not the beginning of the hierarchy without a gap.
    """
    if not dimensions:
        return [ROOT]

    expected = list(hierarchy)
    if "siteid" not in dimensions:
        expected = [name for name in hierarchy if name != "siteid"]

    names = expected[: len(dimensions)]
    if set(names) != set(dimensions):
        given = ", ".join(sorted(dimensions))
        raise ValueError(
            f"dimensions {given} are not a beginning of {', '.join(hierarchy)} without a gap"
        )

    levels = [ROOT]
    for name in names:
        levels.append(levels[-1] | {(name, dimensions[name])})

    return levels


def shrunk_backing(row: LockedStockRow) -> BackingChange:
    """Return the backing change of a row whose shortage has only shrunk.

    Overdraft is repaid before the units that variants back.
    """
    shortage = _shortage(row)
    backed = min(row.backed_by_variants, shortage)
    overdraft = min(row.overdraft, shortage - backed)
    return BackingChange(row, overdraft - row.overdraft, backed - row.backed_by_variants)
