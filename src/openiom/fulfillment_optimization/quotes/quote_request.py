"""A validated quote request with everything it refers to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.order_port import OpenLine, sku_of
from openiom.fulfillment_optimization.snapshot import Snapshot, StrategyConfig, snapshot
from openiom.inventory_visibility import Variant
from openiom.kernel import Invalid, NotFound, Problem
from openiom.logistics import CarrierService
from openiom.master_data import ProductFacts, accepts_write_in_products, product_facts
from openiom.platform.geocoding import Point, geocode

from .cart_availability import CartStock, cart_stock, variants_of
from .schemas import QuoteLine, QuoteRequest

CART_ORDER = UUID(int=1)
"""Id of the order that the planner sees."""


@dataclass(eq=False)
class ResolvedRequest:
    """A quote request with its place, strategy, carrier services and products.

    `plannable` has the numbers of lines whose product may be ordered, `variants` the variants of
    lines with dimensions by line number.
    """

    request: QuoteRequest
    at: datetime
    known: Snapshot
    setting: StrategyConfig
    place: Point
    services: tuple[CarrierService, ...]
    facts: Mapping[str, ProductFacts]
    plannable: tuple[int, ...]
    variants: Mapping[int, Variant]

    def sku(self, line: int) -> str:
        """Return the key of the stock of a line."""
        variant = self.variants.get(line)
        return sku_of(self.request.lines[line].product, variant.text if variant else "")

    def units_by_sku(self) -> dict[str, int]:
        """Return the requested units of all lines, by key of their stock."""
        units: dict[str, int] = defaultdict(int)
        for i, line in enumerate(self.request.lines):
            units[self.sku(i)] += line.quantity
        return units

    def open_lines(self) -> list[OpenLine]:
        """Return the plannable lines as the planner takes them; ids are line numbers."""
        destination = self.request.destination
        lines: list[OpenLine] = []
        for i in self.plannable:
            line, variant = self.request.lines[i], self.variants.get(i)
            lines.append(
                OpenLine(
                    line_id=UUID(int=i),
                    order_id=CART_ORDER,
                    product=line.product,
                    quantity=line.quantity,
                    country=destination.country,
                    place=self.place,
                    source="",
                    state=destination.state,
                    wanted=self.request.requested_delivery_date,
                    business=destination.type == "Business",
                    variant=variant.text if variant else "",
                )
            )

        return lines

    def stock(self, session: Session) -> CartStock:
        """Return the stock that the request's channel and customer group may have."""
        products: set[str] = set()
        variants: set[Variant] = set()
        for i in self.plannable:
            if i in self.variants:
                variants.add(self.variants[i])
            else:
                products.add(self.request.lines[i].product)

        return cart_stock(
            session,
            products,
            variants,
            channel=self.request.channel,
            customer_group=self.request.customer.group,
        )


def resolve_request(session: Session, request: QuoteRequest, now: datetime) -> ResolvedRequest:
    """Return the request with everything it refers to.

    Raises Invalid with the path and the remedy of everything that cannot be quoted.
    """
    at = (request.at or now).astimezone(UTC).replace(second=0, microsecond=0)
    known = snapshot(session)
    variants, problems = variants_of(session, request.lines)
    problems += _repeated_ids(request.lines)
    place = _place(request, problems)
    services = _services(known, request, problems)
    setting = _strategy(known, request, at, problems)
    if problems or place is None or setting is None:
        raise Invalid("this cart cannot be quoted", problems=problems)

    facts = product_facts(session, {line.product for line in request.lines})
    plannable = _plannable_lines(session, request.lines, facts)
    return ResolvedRequest(request, at, known, setting, place, services, facts, plannable, variants)


def _plannable_lines(
    session: Session, lines: Sequence[QuoteLine], facts: Mapping[str, ProductFacts]
) -> tuple[int, ...]:
    """Return the lines of known products, or all where write-in products are accepted."""
    known = [i for i, line in enumerate(lines) if line.product in facts]
    if len(known) < len(lines) and accepts_write_in_products(session):
        return tuple(range(len(lines)))
    return tuple(known)


def _repeated_ids(lines: Sequence[QuoteLine]) -> list[Problem]:
    first_with: dict[str, int] = {}
    problems: list[Problem] = []
    for i, line in enumerate(lines):
        first = first_with.setdefault(line.line_id, i)
        if first != i:
            what = f"{line.line_id} is also the id of line {first}"
            problems.append(Problem(f"lines.{i}.line_id", what, "give every line its own id"))
    return problems


def _place(request: QuoteRequest, problems: list[Problem]) -> Point | None:
    destination = request.destination
    place = geocode(destination.model_dump())
    if place is None:
        what = f"{destination.city}, {destination.country} cannot be located"
        remedy = "give a country of ISO 3166-1, and a city or postal code in it"
        problems.append(Problem("destination", what, remedy))
    return place


def _services(
    known: Snapshot, request: QuoteRequest, problems: list[Problem]
) -> tuple[CarrierService, ...]:
    """Return the services of the carrier to rate with; none when the request names no carrier."""
    if not request.carrier:
        return ()

    services = known.timetable.carriers.get(request.carrier, ())
    if not services:
        names = ", ".join(sorted(known.timetable.carriers)) or "none yet"
        what = f"no carrier named {request.carrier}"
        problems.append(Problem("carrier", what, f"configured carriers: {names}"))

    return services


def _strategy(
    known: Snapshot, request: QuoteRequest, at: datetime, problems: list[Problem]
) -> StrategyConfig | None:
    try:
        return known.strategy_config(request.strategy, at.date())
    except NotFound as error:
        problems.append(Problem("strategy", error.what, error.remedy))
        return None
