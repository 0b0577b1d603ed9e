"""
Stock of variants: what somebody who names dimensions (color, size) may have, and what several such wishes share.

A wish for some dimension values may take from every stock row that has them, whatever else the row says. What is
reserved for coarser wishes (any color) stands on such rows too, and is taken off first. Whole units; writes nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import (
    BASE_DIMENSIONS,
    LOCATION,
    SITE,
    InventoryConfiguration,
)
from openiom.inventory_visibility.measures import dimension_text
from openiom.kernel import Problem
from openiom.platform.bulk import fetch
from openiom.platform.database import to_json_text

from .allocation_limits import limits_of
from .decisions import Requester
from .hierarchy import Level
from .queries import OVERSELL

PLACES = frozenset({SITE, LOCATION})


class Variant(NamedTuple):
    """A product with dimension values, names in lower case. `values` is not empty."""

    product: str
    values: Level

    @property
    def text(self) -> str:
        """`colorid=red;sizeid=m`"""
        return dimension_text(dict(self.values))


@dataclass(frozen=True, slots=True)
class Bin:
    """Units of one stock row; `kept` ones are not for who asks, but carry what is reserved already."""

    level: Level
    units: int
    kept: bool = False
    row: int = 0  # id of the stock row


@dataclass(slots=True)
class Shelf:
    """The rows of a product at a source. `reserved` are units of coarser reservations that stand on deeper rows."""

    bins: list[Bin] = field(default_factory=list)
    reserved: list[tuple[Level, int]] = field(default_factory=list)

    def granted(self, asked: Sequence[tuple[Level, int]]) -> list[int]:
        """How much of each wish can be had together: the first wishes first, moved about to make room for later ones.

        No unit is given twice, and none that a reservation needs.
        """
        if not self.reserved and len(asked) == 1:
            ((level, units),) = asked
            return [min(units, sum(b.units for b in self.bins if not b.kept and level <= b.level))]
        placing = _Placing(self.bins)
        for level, units in self.reserved:
            placing.place([n for n, b in enumerate(self.bins) if level < b.level], units)
        return [
            placing.place(
                [n for n, b in enumerate(self.bins) if not b.kept and level <= b.level], units
            )
            for level, units in asked
        ]


@dataclass
class _Placing:
    """Wishes on bins: a maximum flow, one augmenting path after the other."""

    bins: Sequence[Bin]
    allowed: list[Sequence[int]] = field(default_factory=list)
    held: list[dict[int, int]] = field(default_factory=list)  # by bin: wish -> units
    spare: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.held = [{} for _ in self.bins]
        self.spare = [b.units for b in self.bins]

    def place(self, allowed: Sequence[int], units: int) -> int:
        """Units of one more wish that fit beside all that was placed; every earlier one keeps what it got."""
        wish = len(self.allowed)
        self.allowed.append(allowed)
        placed = 0
        while placed < units:
            path = self._path(wish)
            if not path:
                break
            placed += self._move(path, units - placed)
        return placed

    def _path(self, wish: int) -> list[tuple[int, int]]:
        """(wish, bin) steps: each wish takes from the bin, and the next one gives its units there up; last is spare."""
        came: dict[
            int, tuple[int, int | None]
        ] = {}  # bin -> the wish that would take it, and the bin that one leaves
        queue: list[tuple[int, int | None]] = [(wish, None)]
        seen = {wish}
        for taker, left in queue:
            for n in self.allowed[taker]:
                if n in came:
                    continue
                came[n] = taker, left
                if self.spare[n]:
                    return self._steps(came, n)
                for other in self.held[n]:
                    if other not in seen:
                        seen.add(other)
                        queue.append((other, n))
        return []

    @staticmethod
    def _steps(came: Mapping[int, tuple[int, int | None]], last: int) -> list[tuple[int, int]]:
        steps: list[tuple[int, int]] = []
        at: int | None = last
        while at is not None:
            taker, left = came[at]
            steps.append((taker, at))
            at = left
        return steps[::-1]

    def _move(self, path: Sequence[tuple[int, int]], most: int) -> int:
        units = min(most, self.spare[path[-1][1]])
        for (_, n), (giver, _) in zip(path, path[1:], strict=False):
            units = min(units, self.held[n][giver])
        for taker, n in path:
            self.held[n][taker] = self.held[n].get(taker, 0) + units
        for (_, n), (giver, _) in zip(path, path[1:], strict=False):
            self.held[n][giver] -= units
            if not self.held[n][giver]:
                del self.held[n][giver]
        self.spare[path[-1][1]] -= units
        return units


NOTHING = Shelf()


@dataclass(frozen=True)
class VariantStock:
    """What the variants that were asked about may have; shelves by (product, source)."""

    variants: tuple[Variant, ...]
    shelves: Mapping[tuple[str, str], Shelf]

    def units(self) -> dict[tuple[Variant, str], int]:
        """Units each variant may have at each source if nobody else asks, where any are."""
        by_product: dict[str, list[Variant]] = defaultdict(list)
        for variant in self.variants:
            by_product[variant.product].append(variant)
        found = {
            (variant, source): shelf.granted([(variant.values, OVERSELL)])[0]
            for (product, source), shelf in self.shelves.items()
            for variant in by_product[product]
        }
        return {key: units for key, units in found.items() if units}

    def told(self) -> list[object]:
        """What several variants share, in an order of its own: equal for equal stock. `units` tells the rest."""
        asked = Counter(v.product for v in self.variants)
        return [
            [
                *key,
                [[b.row, b.units, b.kept] for b in shelf.bins],
                [[sorted(v), n] for v, n in shelf.reserved],
            ]
            for key, shelf in sorted(self.shelves.items())
            if asked[key[0]] > 1
        ]

    def granted(self, source: str, asked: Mapping[Variant, int]) -> dict[Variant, int]:
        """Of units asked for at one source, those that can be had together; the most exact wishes come first."""
        by_product: dict[str, list[Variant]] = defaultdict(list)
        for variant in asked:
            by_product[variant.product].append(variant)
        found: dict[Variant, int] = {}
        for product, mine in by_product.items():
            if len(mine) > 1:
                mine.sort(key=lambda v: (-len(v.values), v.text))
            shelf = self.shelves.get((product, source), NOTHING)
            found |= zip(mine, shelf.granted([(v.values, asked[v]) for v in mine]), strict=True)
        return found


def variant_stock(
    session: Session, variants: Collection[Variant], *, channel: str = "", customer_group: str = ""
) -> VariantStock:
    """The shelves of these variants in one query (for a channel, its allocations and buffers in two more).

    Safety stock, what is allocated to others and the channel's buffer are left out at each row, as for whole products.
    """
    wanted = tuple(dict.fromkeys(variants))
    if not wanted:
        return VariantStock((), {})
    rows = fetch(
        session,
        "WITH asked AS (SELECT * FROM unnest(%s::text[], %s::jsonb[]) AS a(product, dimensions))"
        " SELECT s.id, s.product, s.source, s.dimension_values::text, CASE WHEN s.oversell THEN %s ELSE"
        " greatest(0, floor(s.on_hand - s.reserved))::bigint END, ceil(s.covered)::bigint, s.oversell,"
        " greatest(0, floor(s.on_hand - s.reserved - s.safety_stock - coalesce(k.units, 0)))::bigint,"
        " s.on_hand, s.on_hand - s.reserved, s.safety_stock FROM inventory_visibility.stock s"
        " LEFT JOIN (SELECT stock_id, sum(allocated) AS units FROM inventory_visibility.allocation"
        " WHERE allocated > 0 GROUP BY stock_id) k ON k.stock_id = s.id"
        " WHERE s.product = ANY(%s) AND s.organization = ''"
        " AND (EXISTS (SELECT FROM asked a WHERE a.product = s.product AND s.dimension_values @> a.dimensions)"
        " OR (s.product, s.source) IN (SELECT c.product, c.source FROM inventory_visibility.stock c"
        " WHERE c.product = ANY(%s) AND c.organization = '' AND c.covered > 0)) ORDER BY s.id",
        (
            [v.product for v in wanted],
            [to_json_text(dict(v.values)) for v in wanted],
            OVERSELL,
            *[sorted({v.product for v in wanted})] * 2,
        ),
    )
    offers = _offers(session, rows, Requester(channel, customer_group))
    shelves: dict[tuple[str, str], Shelf] = defaultdict(Shelf)
    for (id, product, source, values, free, covered, *_), offer in zip(rows, offers, strict=True):
        shelf, level, mine = shelves[product, source], _level(values), min(free, offer)
        if mine:
            shelf.bins.append(Bin(level, mine, False, id))
        if free > mine:
            shelf.bins.append(Bin(level, free - mine, True, id))
        if covered:
            shelf.reserved.append((level, covered))
    return VariantStock(wanted, dict(shelves))


@lru_cache(maxsize=20_000)
def _level(values: str) -> Level:
    """Rows of different places often have the same values: each is read once."""
    return frozenset(orjson.loads(values).items())


def _offers(session: Session, rows: Sequence[tuple[Any, ...]], requester: Requester) -> list[int]:
    """Of what is free at each row, whole units the requester may have."""
    if not requester.channel:
        return [OVERSELL if oversell else offer for *_, oversell, offer, _, _, _ in rows]
    limits = limits_of(
        session,
        {r[0]: (r[1], r[2]) for r in rows},
        {r[0]: r[10] for r in rows},
        {requester.channel},
    )
    found = []
    for id, *_, oversell, _, on_hand, free, _ in rows:
        units = limits.offers(id, requester, on_hand=on_hand, free=free)
        found.append(OVERSELL if oversell else max(0, int(units.to_integral_value(ROUND_FLOOR))))
    return found


def variant_dimensions(
    given: Mapping[str, str], configuration: InventoryConfiguration, *, where: str
) -> tuple[dict[str, str], list[Problem]]:
    """
    Dimension names, base names or those of any data source, in any case, to base names; empty values are left out.
    Problems name each that means nothing, means a place, or is given two values.
    """
    names = _names(configuration)
    found: dict[str, str] = {}
    problems = []
    for name, value in given.items():
        base, at = names.get(name.lower(), ""), f"{where}.{name}"
        if not base:
            known = ", ".join(
                sorted(_told(known for known, meant in names.items() if meant not in PLACES))
            )
            problems.append(
                Problem(
                    at,
                    f"{name} is no dimension that stock is kept by",
                    f"known dimensions: {known}",
                )
            )
        elif base in PLACES:
            what = f"{name} says where goods stand, which is what is to be found out"
            problems.append(
                Problem(
                    at,
                    what,
                    "leave it out; source lists and constraints of a strategy narrow sources",
                )
            )
        elif value.strip() and found.setdefault(base, value.strip()) != value.strip():
            problems.append(Problem(at, f"{base} is given two values", "give each dimension once"))
    return found, problems


def _names(configuration: InventoryConfiguration) -> dict[str, str]:
    """Every name of a dimension, in lower case, to its base dimension; a base name means itself."""
    names = {
        own: base
        for source in configuration.sources.values()
        for own, base in source.dimensions.items()
    }
    return names | {base: base for base in BASE_DIMENSIONS}


def _told(names: Iterable[str]) -> set[str]:
    """Names as people are told them: of a numbered dozen the pattern alone."""
    return {
        f"{plain}1..n" if (plain := name.rstrip("0123456789")) != name else name for name in names
    }
