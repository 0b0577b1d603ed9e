"""Allocation operations of one batch under lock: decided and applied in order. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

from openiom.inventory_visibility.availability.hierarchy import (
    ROOT,
    Level,
    LockedStockRow,
    StockFamily,
)
from openiom.inventory_visibility.configuration import ALLOCATION_SOURCE, InventoryConfiguration
from openiom.inventory_visibility.ledger.allocations import pool_entries
from openiom.inventory_visibility.ledger.posting import LedgerPosting
from openiom.inventory_visibility.locks import Families
from openiom.inventory_visibility.measures import (
    ZERO,
    Measure,
    StockKey,
    dimension_text,
    format_quantity,
)

Kind = Literal["allocate", "unallocate", "reallocate", "consume"]
AVAILABLE: Measure = (ALLOCATION_SOURCE, "@available_to_allocate")
Groups = tuple[str, ...]
"""A path of groups, the highest first."""


@dataclass(frozen=True, slots=True)
class AllocationOperation:
    """`quantity` units at one stock key for a path of groups.

    Attributes:
        sources: The path a reallocation takes units from.
        measures: What a consumption posts as well: +1 adds the quantity to the measure, -1
            subtracts it. A soft-reservation measure with +1 makes a soft reservation.
    """

    kind: Kind
    event_id: str
    organization: str
    product: str
    source: str
    groups: Groups
    quantity: Decimal
    dimensions: Mapping[str, str] = field(default_factory=dict)
    sources: Groups = ()
    measures: Mapping[Measure, int] = field(default_factory=dict)

    @property
    def key(self) -> StockKey:
        return StockKey(
            self.organization, self.product, self.source, dimension_text(self.dimensions)
        )

    @property
    def level(self) -> Level:
        return frozenset(self.dimensions.items())

    @property
    def unique_id(self) -> str:
        return f"{self.organization}/{self.event_id}"


@dataclass(frozen=True, slots=True)
class AllocationResult:
    """The outcome of one operation.

    `duplicate` means that it was applied before and nothing changed; `reason` explains a refusal.
    """

    ok: bool
    duplicate: bool = False
    reason: str = ""


class Pool(NamedTuple):
    """A path of groups at a stock key."""

    stock_id: int
    groups: Groups


class AppliedMove(NamedTuple):
    """What an operation moves of one pool."""

    pool: Pool
    operation: AllocationOperation
    units: Decimal

    @property
    def consumed(self) -> Decimal:
        return self.operation.quantity if self.operation.kind == "consume" else ZERO

    @property
    def granted(self) -> Decimal:
        """Units that count as newly allocated to the pool."""
        return self.units if self.operation.kind in ("allocate", "reallocate") else ZERO


@dataclass
class AllocationBatch:
    """Operations under lock: the state of pools and stock while they are applied in order.

    Attributes:
        dimensions: The dimension names each (organization, product) is allocated by.
        allocated: Units the batch allocated so far at each stock key, on balance.
    """

    configuration: InventoryConfiguration
    ids: Mapping[StockKey, int]
    families: Families
    balances: dict[int, dict[Measure, Decimal]]
    pools: dict[Pool, Decimal]
    dimensions: Mapping[tuple[str, str], str]
    allocated: dict[int, Decimal] = field(default_factory=dict)
    moves: list[AppliedMove] = field(default_factory=list)
    entries: list[LedgerPosting] = field(default_factory=list)

    @property
    def formula(self) -> Mapping[Measure, int]:
        """The sign of each measure in what is available to allocate."""
        return self.configuration.calculated.get(AVAILABLE, {})

    def refusal(self, operation: AllocationOperation) -> str:
        """Return why an operation cannot be applied, or ''."""
        if operation.quantity <= 0:
            return "the quantity must be above zero"

        known = self.dimensions[operation.organization, operation.product]
        if known != ";".join(sorted(operation.dimensions)):
            names = known.replace(";", ", ") or "no further dimension"
            return (
                f"{operation.product} is allocated by {names};"
                " a product is always allocated by the same dimensions"
            )
        if operation.kind == "allocate":
            available = self._available(operation)
            if operation.quantity > available:
                return f"{format_quantity(max(available, ZERO))} units are available to allocate"

            return ""

        return self._giver_refusal(operation)

    def _giver_refusal(self, operation: AllocationOperation) -> str:
        """Return why the group that gives units up cannot do so, or ''."""
        is_reallocation = operation.kind == "reallocate"
        giver = operation.sources if is_reallocation else operation.groups
        allocated = self.pools.get(Pool(self.ids[operation.key], giver), ZERO)
        if operation.quantity > allocated:
            return (
                f"{format_quantity(allocated)} units are allocated to {' > '.join(giver)},"
                f" requested {format_quantity(operation.quantity)}"
            )
        if is_reallocation and operation.sources == operation.groups:
            return "units cannot be reallocated from a group to itself"

        return ""

    def _available(self, operation: AllocationOperation) -> Decimal:
        """Return what may be allocated by the formula, over the key and all deeper rows.

        Of the own stock the safety stock is never allocated.
        """
        stock_id = self.ids[operation.key]
        total = -self.allocated.get(stock_id, ZERO)
        own = -self._allocated_at(stock_id)

        for family in self._families_of(operation):
            for row in family.rows.values():
                if operation.level <= row.level:
                    total += self._by_formula(row.id)

            own += _common_units(family)

        if operation.organization or operation.dimensions:
            return total

        return min(total, own)

    def _families_of(self, operation: AllocationOperation) -> list[StockFamily]:
        """Return the stock an operation counts: at its location, or without one at every one."""
        if operation.source or self.configuration.by_location:
            return [self.families[operation.key.family]]

        found = []
        for (organization, product, _), family in self.families.items():
            if (organization, product) == (operation.organization, operation.product):
                found.append(family)
        return found

    def _by_formula(self, stock_id: int) -> Decimal:
        balances = self.balances[stock_id]
        total = ZERO
        for measure, sign in self.formula.items():
            total += sign * balances.get(measure, ZERO)
        return total

    def _allocated_at(self, stock_id: int) -> Decimal:
        total = ZERO
        for pool, units in self.pools.items():
            if pool.stock_id == stock_id:
                total += units
        return total

    def _row(self, operation: AllocationOperation) -> LockedStockRow:
        return self.families[operation.key.family].rows[operation.level]

    def move(self, operation: AllocationOperation) -> None:
        """AppliedMove the pools of an operation that is not refused and remember what to write."""
        stock_id, units = self.ids[operation.key], operation.quantity
        grows = operation.kind in ("allocate", "reallocate")
        self._move_pool(stock_id, operation.groups, operation, units if grows else -units)
        if operation.kind == "reallocate":
            self._move_pool(stock_id, operation.sources, operation, -units)
            allocated = ZERO
        else:
            allocated = units if grows else -units

        self.allocated[stock_id] = self.allocated.get(stock_id, ZERO) + allocated
        self.entries += pool_entries(
            stock_id,
            allocated=allocated,
            consumed=units if operation.kind == "consume" else ZERO,
            granted=units if operation.kind == "allocate" else ZERO,
            cause=operation.kind,
            document=operation.event_id,
        )

    def _move_pool(
        self, stock_id: int, groups: Groups, operation: AllocationOperation, units: Decimal
    ) -> None:
        pool = Pool(stock_id, groups)
        self.pools[pool] = self.pools.get(pool, ZERO) + units
        self.moves.append(AppliedMove(pool, operation, units))

    def apply_posted(
        self,
        operation: AllocationOperation,
        facts: Mapping[Measure, Decimal],
        reserved: Decimal,
    ) -> None:
        """Make later operations of the batch see what a consumption posted and reserved."""
        row = self._row(operation)
        row.reserved += reserved
        balances = dict(self.balances[row.id])

        for measure, sign in operation.measures.items():
            balances[measure] = balances.get(measure, ZERO) + sign * operation.quantity

        self.balances[row.id] = balances
        for measure, delta in facts.items():
            row.on_hand += self.configuration.supply.get(measure, 0) * delta


def _common_units(family: StockFamily) -> Decimal:
    """Return the units of the root row that are neither reserved nor safety stock."""
    root = family.rows.get(ROOT)
    return root.free - root.safety_stock if root else ZERO
