"""Limits on availability at many stock keys: allocations, safety stock and channel buffers."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility.columns import split_pairs
from openiom.inventory_visibility.measures import Measure, ProductSource
from openiom.platform.bulk import fetch, fetch_as

from .decisions import AllocatedStock, AllocationPool, BufferRule, PartsRequest, Requester
from .hierarchy import LockedStockRow, StockFamily


class StockToLimit(Protocol):
    """A stock row whose limits are to be read."""

    @property
    def stock_id(self) -> int: ...

    @property
    def key(self) -> ProductSource: ...

    @property
    def safety_stock(self) -> Decimal: ...


class LimitedStock(NamedTuple):
    """A stock row by its id and key; see `StockToLimit`."""

    stock_id: int
    key: ProductSource
    safety_stock: Decimal


class Consumption(NamedTuple):
    """Allocated units of one pool that one order line consumed."""

    line_id: UUID
    pool: int
    stock_id: int
    units: Decimal


@dataclass
class AllocationLimits:
    """The limits of one batch by stock id, and the allocations its lines consumed.

    A stock id without limits is absent from `stock`.
    """

    stock: Mapping[int, AllocatedStock]
    rules: Sequence[BufferRule]
    _consumed: dict[tuple[UUID, int, int], Decimal] = field(
        default_factory=lambda: defaultdict(Decimal)
    )

    @property
    def consumed(self) -> list[Consumption]:
        """Consumed units by line and pool, in the order of both."""
        found = []
        for (line_id, pool, stock_id), units in sorted(self._consumed.items()):
            found.append(Consumption(line_id, pool, stock_id, units))
        return found

    def available_to(
        self, stock_id: int, requester: Requester, *, on_hand: Decimal, free: Decimal
    ) -> Decimal:
        """Return how many of the `free` units of a stock key the requester may have."""
        limited = self.stock.get(stock_id)
        if limited is None:
            return free
        return limited.available_to(requester, on_hand=on_hand, free=free, rules=self.rules)

    def consume(
        self, stock_id: int, requester: Requester, line_id: UUID, quantity: Decimal
    ) -> None:
        """Consume the requester's allocations for units that an order line reserved."""
        limited = self.stock.get(stock_id)
        if limited is None:
            return
        for pool, units in limited.consume(requester, quantity):
            self._consumed[line_id, pool.id, stock_id] += units

    def grant(
        self, requests: Iterable[PartsRequest], rows: Mapping[ProductSource, LockedStockRow]
    ) -> list[bool]:
        """Reserve parts in the order of the requests, each request whole or not at all.

        `rows` are locked; granted units are reserved on them, so that lines and kits that share a
        part are checked against their sum.
        """
        return [self._grant(request, rows) for request in requests]

    def _grant(self, request: PartsRequest, rows: Mapping[ProductSource, LockedStockRow]) -> bool:
        """Reserve all parts of one request, or none; return whether they were reserved."""
        needed = []
        for product, units in request.parts.items():
            row = rows.get((product, request.source))
            if row is None:
                return False

            available = self.available_to(
                row.id, request.requester, on_hand=row.on_hand, free=row.free
            )
            if units > available:
                return False

            needed.append((row, units))

        for row, units in needed:
            row.reserved += units
            self.consume(row.id, request.requester, request.line_id, units)

        return True


def keep_back_allocations(
    session: Session, families: Iterable[StockFamily], signs: Mapping[Measure, int]
) -> None:
    """Set what the allocation measures in a formula keep back of each locked row.

    Args:
        signs: The sign of each allocation measure in what may be reserved.
    """
    rows: dict[int, LockedStockRow] = {}
    for family in families:
        for row in family.rows.values():
            rows[row.id] = row

    if not signs or not rows:
        return

    kept_back = fetch(
        session,
        "SELECT stock_id, -sum(quantity * sign) FROM inventory_visibility.measure_balance"
        " JOIN unnest(%s::text[], %s::text[], %s::int[]) AS f(data_source, measure, sign)"
        " USING (data_source, measure) WHERE stock_id = ANY(%s) GROUP BY stock_id",
        (*split_pairs(signs), list(signs.values()), list(rows)),
    )
    for stock_id, units in kept_back:
        rows[stock_id].kept_back = units


class _Pool(NamedTuple):
    stock_id: int
    id: int
    groups: list[str]
    allocated: Decimal


def limits_of(
    session: Session, stock: Collection[StockToLimit], channels: Collection[str]
) -> AllocationLimits:
    """Return what is kept back at these stock keys for requesters of these channels.

    This runs one query for allocations, and one for buffers when a channel is named. A caller that
    will consume allocations has locked the stock rows.
    """
    keys = {one.stock_id: one.key for one in stock}
    limited: dict[int, AllocatedStock] = {}
    for one in stock:
        if one.safety_stock:
            limited[one.stock_id] = AllocatedStock(one.key, one.safety_stock)

    pools = fetch_as(
        session,
        _Pool,
        "SELECT stock_id, id, groups, allocated FROM inventory_visibility.allocation"
        " WHERE stock_id = ANY(%s) AND allocated > 0 ORDER BY id",
        (list(keys),),
    )
    for pool in pools:
        at_key = limited.setdefault(pool.stock_id, AllocatedStock(keys[pool.stock_id]))
        at_key.pools.append(AllocationPool(pool.id, tuple(pool.groups), pool.allocated))

    rules: list[BufferRule] = []
    if any(channels):
        rules = _buffer_rules(session, {product for product, _ in keys.values()})

    if rules:
        for stock_id, key in keys.items():
            limited.setdefault(stock_id, AllocatedStock(key))

    return AllocationLimits(limited, rules)


def _buffer_rules(session: Session, products: Collection[str]) -> list[BufferRule]:
    """Return the channel buffers of these products and of all products."""
    return fetch_as(
        session,
        BufferRule,
        "SELECT product, source, channel, units, percent"
        " FROM inventory_visibility.stock_policy_rule"
        " WHERE channel <> '' AND product = ANY(%s) ORDER BY policy",
        (sorted({*products, ""}),),
    )
