"""Stock of a cart: whole products, and variants that may share stock rows."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.order_port import OpenLine, sku_of
from openiom.fulfillment_optimization.planning import Planner, PlanningRound
from openiom.fulfillment_optimization.problem_builder import Key
from openiom.inventory_visibility import (
    Variant,
    VariantStock,
    available,
    channels_matter,
    inventory_configuration,
    variant_dimensions,
    variant_stock,
)
from openiom.kernel import Problem
from openiom.master_data import kit_parts

from .schemas import QuoteLine

MOST_PLANS = 4
"""Plans made while lines would share units; then each line gets a share of its own."""


@dataclass(frozen=True)
class CartStock:
    """The stock that a cart may have.

    `units` are by (sku, source), each as if no other line took any; `variants` by sku, and
    `variant_stock` the rows that they share.
    """

    units: dict[Key, int]
    variants: Mapping[str, Variant]
    variant_stock: VariantStock

    def jointly(self, source: str, wanted: Mapping[str, int]) -> dict[str, int]:
        """Return how many of the wanted units, by sku, one source has for all of them at once."""
        found: dict[str, int] = {}
        for sku, units in wanted.items():
            found[sku] = min(units, self.units.get((sku, source), 0))

        shared = self._with_variant(wanted)
        if shared:
            by_variant = {self.variants[sku]: units for sku, units in shared.items()}
            granted = self.variant_stock.granted(source, by_variant)
            for sku in shared:
                found[sku] = granted[self.variants[sku]]

        return found

    def _with_variant(self, wanted: Mapping[str, int]) -> dict[str, int]:
        """Return the units of the skus that are variants."""
        return {sku: units for sku, units in wanted.items() if sku in self.variants}

    def shortages(self, planned: Mapping[Key, int]) -> dict[Key, int]:
        """Return, for each sku and source that a plan takes too much from, the units it may have.

        A plan takes too much where variants share units.
        """
        short: dict[Key, int] = {}
        for source, wanted in self._planned_variants(planned).items():
            for sku, units in self.jointly(source, wanted).items():
                if units < wanted[sku]:
                    short[sku, source] = units

        return short

    def _planned_variants(self, planned: Mapping[Key, int]) -> dict[str, dict[str, int]]:
        """Return the units of variants by source, then by sku."""
        by_source: dict[str, dict[str, int]] = defaultdict(dict)
        for (sku, source), units in planned.items():
            if sku in self.variants:
                by_source[source][sku] = units

        return by_source

    def divided(self, wanted: Mapping[str, int]) -> dict[Key, int]:
        """Return units by (sku, source) in which no unit belongs to two skus."""
        shared = self._with_variant(wanted)
        found: dict[Key, int] = {}
        sources: set[str] = set()
        for (sku, source), units in self.units.items():
            if sku in shared:
                sources.add(source)
            else:
                found[sku, source] = units

        for source in sources:
            for sku, units in self.jointly(source, shared).items():
                found[sku, source] = units

        return found


def variants_of(
    session: Session, lines: Sequence[QuoteLine]
) -> tuple[dict[int, Variant], list[Problem]]:
    """Return the variant of each line with dimensions, by line number, and the problems found."""
    with_dimensions = {}
    for i, line in enumerate(lines):
        if line.dimensions:
            with_dimensions[i] = line

    if not with_dimensions:
        return {}, []

    configuration = inventory_configuration(session)
    kits = kit_parts(session, {line.product for line in with_dimensions.values()})

    found: dict[int, Variant] = {}
    problems: list[Problem] = []
    for i, line in with_dimensions.items():
        where = f"lines.{i}.dimensions"
        values, wrong = variant_dimensions(line.dimensions, configuration, where=where)
        problems += wrong
        if not values:
            continue

        if line.product in kits:
            what = f"{line.product} is a kit, which has no stock of its own"
            problems.append(Problem(where, what, "request its parts"))

        found[i] = Variant(line.product, frozenset(values.items()))

    return found, problems


def cart_stock(
    session: Session,
    products: Iterable[str],
    variants: Collection[Variant],
    *,
    channel: str,
    customer_group: str,
) -> CartStock:
    """Return the stock of these products and variants for a channel and customer group.

    Whole products have the stock that a real run would find.
    """
    requester: dict[str, str] = {}
    if channels_matter(session):
        requester = {"channel": channel, "customer_group": customer_group}

    wanted = set(products)
    units: dict[Key, int] = {}
    if wanted:
        for key, quantity in available(session, wanted, **requester).items():
            units[key] = int(quantity)

    shared = variant_stock(session, variants, **requester)
    for (variant, source), count in shared.units().items():
        units[sku_of(variant.product, variant.text), source] = count

    by_sku = {sku_of(variant.product, variant.text): variant for variant in variants}
    return CartStock(units, by_sku, shared)


def plan_cart(
    planner: Planner,
    lines: Sequence[OpenLine],
    strategy: str,
    stock: CartStock,
    units_of: Callable[[PlanningRound], Mapping[Key, int]],
) -> PlanningRound:
    """Return a plan of the cart in which no unit serves two lines.

    Lines whose variants overlap are planned as if each were alone. Where they take the same units,
    the most exact line keeps them and the others are planned again with what is left. `units_of`
    returns the units by (sku, source) of a plan.
    """
    if not lines:
        return PlanningRound()

    strategies = {line.order_id: strategy for line in lines}
    units = dict(stock.units)

    for _ in range(MOST_PLANS):
        planner.stock = units
        found = planner.plan(lines, strategies)
        short = stock.shortages(units_of(found))
        if not short:
            return found

        units |= short

    wanted: dict[str, int] = defaultdict(int)
    for line in lines:
        wanted[line.sku] += line.quantity

    planner.stock = stock.divided(wanted)
    return planner.plan(lines, strategies)
