"""What a cart may have where: whole products, and variants that may share stock rows."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.order_port import OpenLine, sku_of
from openiom.fulfillment_optimization.planning import Planner, Round
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

TRIES = 4
"""Plans made while lines would still share units; then each line keeps to what is its own."""


@dataclass(frozen=True)
class CartStock:
    """`units` by (sku, source) as if nobody else asked; `variants` by sku, and the shelves they share."""

    units: dict[Key, int]
    variants: Mapping[str, Variant]
    shelves: VariantStock

    def together(self, source: str, wanted: Mapping[str, int]) -> dict[str, int]:
        """Of units by sku wanted at one source, those that can be had at once."""
        found = {sku: min(units, self.units.get((sku, source), 0)) for sku, units in wanted.items()}
        shared = {
            self.variants[sku]: units for sku, units in wanted.items() if sku in self.variants
        }
        if shared:
            granted = self.shelves.granted(source, shared)
            found |= {sku: granted[self.variants[sku]] for sku in wanted if sku in self.variants}
        return found

    def beyond(self, taken: Mapping[Key, int]) -> dict[Key, int]:
        """What a plan takes twice: for each sku at a source that goes short, what it can have there beside the rest."""
        by_source: dict[str, dict[str, int]] = defaultdict(dict)
        for (sku, source), units in taken.items():
            if sku in self.variants:
                by_source[source][sku] = units
        short: dict[Key, int] = {}
        for source, wanted in by_source.items():
            had = self.together(source, wanted)
            short |= {(sku, source): had[sku] for sku, units in wanted.items() if had[sku] < units}
        return short

    def apart(self, wanted: Mapping[str, int]) -> dict[Key, int]:
        """Units by (sku, source) that stay true whoever takes what: every sku is given its own share at each source."""
        shared = {sku: units for sku, units in wanted.items() if sku in self.variants}
        found = {key: units for key, units in self.units.items() if key[0] not in shared}
        for source in {source for sku, source in self.units if sku in shared}:
            found |= {(sku, source): units for sku, units in self.together(source, shared).items()}
        return found


def variants_of(
    session: Session, lines: Sequence[QuoteLine]
) -> tuple[dict[int, Variant], list[Problem]]:
    """The variant each line with dimensions asks for, by line number, and what is wrong with those that ask none."""
    asking = {i: line for i, line in enumerate(lines) if line.dimensions}
    if not asking:
        return {}, []
    configuration = inventory_configuration(session)
    kits = kit_parts(session, {line.product for line in asking.values()})
    found: dict[int, Variant] = {}
    problems: list[Problem] = []
    for i, line in asking.items():
        where = f"lines.{i}.dimensions"
        values, wrong = variant_dimensions(line.dimensions, configuration, where=where)
        if values and line.product in kits:
            wrong.append(
                Problem(
                    where,
                    f"{line.product} is a kit, which has no stock of its own",
                    "ask for its parts",
                )
            )
        problems += wrong
        if values:
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
    """What this channel and customer group may have: of whole products as a real run looks at them, and of variants."""
    principal = (
        {"channel": channel, "customer_group": customer_group} if channels_matter(session) else {}
    )
    parse_id = set(products)
    units = available(session, parse_id, **principal) if parse_id else {}
    shelves = variant_stock(session, variants, **principal)
    units |= {(sku_of(v.product, v.text), source): n for (v, source), n in shelves.units().items()}
    return CartStock(units, {sku_of(v.product, v.text): v for v in variants}, shelves)


def plan_cart(
    planner: Planner,
    lines: Sequence[OpenLine],
    strategy: str,
    stock: CartStock,
    taken: Callable[[Round], Mapping[Key, int]],
) -> Round:
    """
    The cart planned so that no unit serves two lines. Lines whose variants overlap are planned as if each were alone;
    where they meet, the most exact one has the units, and the others are planned again with what is left there.
    """
    if not lines:
        return Round()
    strategies = {line.order_id: strategy for line in lines}
    units = dict(stock.units)
    for _ in range(TRIES):
        planner.stock = units
        found = planner.plan(lines, strategies)
        short = stock.beyond(taken(found))
        if not short:
            return found
        units |= short
    wanted: dict[str, int] = defaultdict(int)
    for line in lines:
        wanted[line.sku] += line.quantity
    planner.stock = stock.apart(wanted)
    return planner.plan(lines, strategies)
