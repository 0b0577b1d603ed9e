"""Stock of variants: what requesters that name dimensions (color, size) may have. Writes nothing.

Units are whole. What is reserved for coarser requests (any color) rests on the same rows and is
deducted first.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from functools import lru_cache
from typing import NamedTuple

import orjson
from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import (
    BASE_DIMENSIONS,
    LOCATION,
    SITE,
    InventoryConfiguration,
)
from openiom.inventory_visibility.measures import ProductSource, dimension_text
from openiom.kernel import Problem
from openiom.platform.bulk import fetch_as
from openiom.platform.database import to_json_text

from .allocation_limits import limits_of
from .decisions import Requester
from .hierarchy import Level
from .queries import OVERSELL
from .variant_supply import VariantSupply, VariantUnits

SOURCE_DIMENSIONS = frozenset({SITE, LOCATION})


class Variant(NamedTuple):
    """A product with dimension values, which are not empty and have names in lower case."""

    product: str
    values: Level

    @property
    def text(self) -> str:
        """The values as text such as `colorid=red;sizeid=m`."""
        return dimension_text(dict(self.values))


NO_SUPPLY = VariantSupply()


@dataclass(frozen=True)
class VariantStock:
    """The stock of the requested variants by (product, source)."""

    variants: tuple[Variant, ...]
    supplies: Mapping[ProductSource, VariantSupply]

    def units(self) -> dict[tuple[Variant, str], int]:
        """Return the units of each variant by source, as if it were the only request."""
        by_product = _by_product(self.variants)
        found = {}
        for (product, source), supply in self.supplies.items():
            for variant in by_product.get(product, ()):
                (found[variant, source],) = supply.grant([(variant.values, OVERSELL)])
        return {key: units for key, units in found.items() if units}

    def shared_stock(self) -> list[object]:
        """Return the rows that several variants share, in a form that is equal for equal stock.

        Together with `units` it determines every grant, so it can be part of a fingerprint.
        """
        variants_of = Counter(variant.product for variant in self.variants)
        found: list[object] = []
        for (product, source), supply in sorted(self.supplies.items()):
            if variants_of[product] > 1:
                found.append([product, source, *supply.contents()])

        return found

    def granted(self, source: str, requested: Mapping[Variant, int]) -> dict[Variant, int]:
        """Return the units that can be had together at a source, the most exact variants first."""
        found: dict[Variant, int] = {}
        for product, variants in _by_product(requested).items():
            variants.sort(key=_most_exact_first)
            supply = self.supplies.get((product, source), NO_SUPPLY)
            requests = [(variant.values, requested[variant]) for variant in variants]
            found |= zip(variants, supply.grant(requests), strict=True)
        return found


def _most_exact_first(variant: Variant) -> tuple[int, str]:
    return -len(variant.values), variant.text


def _by_product(variants: Iterable[Variant]) -> dict[str, list[Variant]]:
    found: dict[str, list[Variant]] = defaultdict(list)
    for variant in variants:
        found[variant.product].append(variant)
    return found


class _VariantRow(NamedTuple):
    """A stock row: whole unreserved units, those common to all, and those variants back."""

    stock_id: int
    product: str
    source: str
    dimension_values: str
    free_units: int
    backed_units: int
    oversell: bool
    common_units: int
    on_hand: Decimal
    free: Decimal
    safety_stock: Decimal

    @property
    def key(self) -> ProductSource:
        return self.product, self.source


def variant_stock(
    session: Session, variants: Collection[Variant], *, channel: str = "", customer_group: str = ""
) -> VariantStock:
    """Return the stock of these variants, in one query and for a channel in two more.

    Safety stock, units allocated to others and the channel's buffer are left out at each row, as
    they are for whole products.
    """
    wanted = tuple(dict.fromkeys(variants))
    if not wanted:
        return VariantStock((), {})

    rows = _read_rows(session, wanted)
    offers = _available_units(session, rows, Requester(channel, customer_group))

    supplies: dict[ProductSource, VariantSupply] = defaultdict(VariantSupply)
    for row, offer in zip(rows, offers, strict=True):
        supply = supplies[row.key]
        level = _level(row.dimension_values)
        available = min(row.free_units, offer)
        if available:
            supply.rows.append(VariantUnits(level, available, False, row.stock_id))

        if row.free_units > available:
            kept_back = row.free_units - available
            supply.rows.append(VariantUnits(level, kept_back, True, row.stock_id))

        if row.backed_units:
            supply.reserved.append((level, row.backed_units))

    return VariantStock(wanted, dict(supplies))


def _read_rows(session: Session, variants: Sequence[Variant]) -> list[_VariantRow]:
    """Return the rows with the values of any variant, and all rows that coarser ones rest on."""
    products = [variant.product for variant in variants]
    dimensions = [to_json_text(dict(variant.values)) for variant in variants]
    return fetch_as(
        session,
        _VariantRow,
        "WITH wanted AS (SELECT * FROM unnest(%(products)s::text[], %(dimensions)s::jsonb[])"
        " AS w(product, dimensions))"
        " SELECT s.id AS stock_id, s.product, s.source,"
        " s.dimension_values::text AS dimension_values,"
        " CASE WHEN s.oversell THEN %(oversell)s"
        " ELSE greatest(0, floor(s.on_hand - s.reserved))::bigint END AS free_units,"
        " ceil(s.backed_by_variants)::bigint AS backed_units, s.oversell,"
        " greatest(0, floor(s.on_hand - s.reserved - s.safety_stock"
        " - coalesce(k.units, 0)))::bigint AS common_units,"
        " s.on_hand, s.on_hand - s.reserved AS free, s.safety_stock"
        " FROM inventory_visibility.stock s"
        " LEFT JOIN (SELECT stock_id, sum(allocated) AS units"
        " FROM inventory_visibility.allocation WHERE allocated > 0 GROUP BY stock_id) k"
        " ON k.stock_id = s.id"
        " WHERE s.product = ANY(%(distinct)s) AND s.organization = ''"
        " AND (EXISTS (SELECT FROM wanted w WHERE w.product = s.product"
        " AND s.dimension_values @> w.dimensions)"
        " OR (s.product, s.source) IN (SELECT c.product, c.source"
        " FROM inventory_visibility.stock c WHERE c.product = ANY(%(distinct)s)"
        " AND c.organization = '' AND c.backed_by_variants > 0)) ORDER BY s.id",
        {
            "products": products,
            "dimensions": dimensions,
            "oversell": OVERSELL,
            "distinct": sorted(set(products)),
        },
    )


@lru_cache(maxsize=20_000)
def _level(values: str) -> Level:
    """Return dimension values as a level; rows of different sources often have the same ones."""
    return frozenset(orjson.loads(values).items())


def _available_units(
    session: Session, rows: Sequence[_VariantRow], requester: Requester
) -> list[int]:
    """Return the whole units of each row that the requester may have."""
    if not requester.channel:
        return [OVERSELL if row.oversell else row.common_units for row in rows]

    limits = limits_of(session, rows, {requester.channel})
    found: list[int] = []
    for row in rows:
        if row.oversell:
            found.append(OVERSELL)
        else:
            units = limits.available_to(
                row.stock_id,
                requester,
                on_hand=row.on_hand,
                free=row.free,
            )
            found.append(max(0, int(units.to_integral_value(ROUND_FLOOR))))

    return found


def variant_dimensions(
    given: Mapping[str, str], configuration: InventoryConfiguration, *, where: str
) -> tuple[dict[str, str], list[Problem]]:
    """Return dimension values by base dimension, and what is wrong with the given ones.

    Names may be base names or those of any data source, in any case. Empty values are left out.
    """
    base_of = _base_names(configuration)
    found: dict[str, str] = {}
    problems = []
    for name, value in given.items():
        base = base_of.get(name.lower(), "")
        field = f"{where}.{name}"
        if not base:
            problems.append(
                Problem(
                    field,
                    f"{name} is not a dimension of stock",
                    f"known dimensions: {_known_dimensions(base_of)}",
                )
            )
        elif base in SOURCE_DIMENSIONS:
            problems.append(
                Problem(
                    field,
                    f"{name} names a source, but sourcing chooses the source",
                    "omit it; restrict sources with the source lists and constraints of a strategy",
                )
            )
        elif value.strip() and found.setdefault(base, value.strip()) != value.strip():
            problems.append(Problem(field, f"{base} has two values", "give each dimension once"))

    return found, problems


def _base_names(configuration: InventoryConfiguration) -> dict[str, str]:
    """Return the base dimension of every name of a dimension, in lower case."""
    names: dict[str, str] = {}
    for source in configuration.sources.values():
        names.update(source.dimensions)
    for base in BASE_DIMENSIONS:
        names[base] = base
    return names


def _known_dimensions(base_of: Mapping[str, str]) -> str:
    """Return the names of dimensions for a message, of numbered ones only the pattern."""
    shown = set()
    for name, base in base_of.items():
        if base not in SOURCE_DIMENSIONS:
            stem = name.rstrip("0123456789")
            shown.add(name if stem == name else f"{stem}1..n")
    return ", ".join(sorted(shown))
