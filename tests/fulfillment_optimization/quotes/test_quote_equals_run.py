"""The plan of a quote is the plan of a real run, whatever the strategy, the stock and the cart."""

from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy.orm import Session
from tests.fulfillment_optimization.quote_setup import (
    CHICAGO,
    MIAMI,
    NOW,
    SEATTLE,
    RecordingOrderPort,
    doc,
    goods,
    put,
    source,
)

from openiom.app.application import Application
from openiom.fulfillment_optimization import OpenLine, source_orders
from openiom.fulfillment_optimization.quotes import QuoteRequest, quote
from openiom.fulfillment_optimization.quotes.schemas import QuoteDestination, QuoteLine
from openiom.inventory_visibility import StockChange, change_on_hand
from openiom.platform.geocoding import geocode

PRODUCTS = [f"P{i}" for i in range(6)]
CITIES = {
    "SEA": SEATTLE,
    "CHI": CHICAGO,
    "MIA": MIAMI,
    "NYC": {"city": "New York", "state": "NY", "postal_code": "10118", "country": "US"},
    "DAL": {"city": "Dallas", "state": "TX", "postal_code": "75219", "country": "US"},
    "DEN": {"city": "Denver", "state": "CO", "postal_code": "80202", "country": "US"},
}
STRATEGIES = [
    doc("strategy", "plain", title="Plain"),
    doc("strategy", "divided", title="Divided", allow_partial=True, max_line_sources=3),
    doc("strategy", "two", title="Two sources", max_sources_per_order=2, allow_partial=True),
    doc(
        "strategy",
        "near",
        title="Near, else anywhere",
        maximum_distance_km=900,
        alternate="divided",
    ),
    doc("strategy", "soft", title="Soft", constraints=["one-source", "not-far"]),
    doc("strategy", "km", title="Nearest", objective="distance", allow_partial=True),
    doc("strategy", "late", title="In time", weights={"lateness_per_day": 25.0}, carrier="slow"),
    doc("strategy", "rated", title="By rate table", rate_table="zones"),
]
DOCUMENTS = [
    doc(
        "carrier",
        "slow",
        title="Slow",
        services=[{"name": "s", "title": "S", "bands": [{"days": 9}]}],
    ),
    doc(
        "constraint",
        "one-source",
        title="One",
        type="maximum_sources_per_order",
        maximum=1,
        hard=False,
        penalty=3,
    ),
    doc(
        "constraint",
        "not-far",
        title="Near",
        type="maximum_distance",
        hard=False,
        penalty=7,
        entries=[{"distance": 1500}],
    ),
    doc(
        "rate_table",
        "zones",
        title="Zones",
        zones=[{"name": "1", "up_to_km": 1000}, {"name": "2"}],
        prices=[
            {"zone": z, "up_to_kg": kg, "price": kg * (1 if z == "1" else 3)}
            for z in "12"
            for kg in (2, 5, 40)
        ],
    ),
]


@pytest.fixture
def shop(application: Application) -> Application:
    sources = [
        source(name, city, daily_parcels=2 if name == "DEN" else None)
        for name, city in CITIES.items()
    ]
    put(application, *goods(*PRODUCTS), *sources, *DOCUMENTS)
    put(application, STRATEGIES[1], *STRATEGIES[:1], *STRATEGIES[2:])
    return application


def restock(session: Session, numbers: np.random.Generator) -> None:
    units = numbers.integers(0, 5, size=(len(PRODUCTS), len(CITIES)))
    changes = [
        StockChange(product, name, units[i, j])
        for i, product in enumerate(PRODUCTS)
        for j, name in enumerate(CITIES)
    ]
    change_on_hand(session, changes, mode="set", cause="count", document="c", now=NOW, actor="test")


def random_request(numbers: np.random.Generator, strategy: str) -> QuoteRequest:
    city = CITIES[str(numbers.choice(list(CITIES)))]
    count = int(numbers.integers(1, 6))
    return QuoteRequest(
        strategy=strategy,
        destination=QuoteDestination(
            type="Business" if numbers.random() < 0.3 else "Residence", **city
        ),
        lines=[
            QuoteLine(
                line_id=str(i),
                product=str(numbers.choice(PRODUCTS)),
                quantity=int(numbers.integers(1, 5)),
            )
            for i in range(count)
        ],
        requested_delivery_date=NOW.date() + timedelta(days=int(numbers.integers(2, 9))),
        at=NOW,
    )


def run_for_real(session: Session, request: QuoteRequest) -> dict[str, dict[str, int]]:
    """Line id -> source -> units that a real run decides; rolled back afterwards."""
    order, to = UUID(int=7), request.destination
    lines = [
        OpenLine(
            line_id=UUID(int=i + 1),
            order_id=order,
            product=x.product,
            quantity=x.quantity,
            country=to.country,
            place=geocode(to.model_dump()),
            source="",
            state=to.state,
            strategy=request.strategy,
            wanted=request.requested_delivery_date,
            business=to.type == "Business",
        )
        for i, x in enumerate(request.lines)
    ]
    order_port = RecordingOrderPort(lines)

    with session.begin_nested() as attempt:
        source_orders(session, order_port, [order], now=NOW, actor="test")
        attempt.rollback()

    line_ids = {x.line_id for x in lines}
    return {
        str(line.int - 1): served for line, served in order_port.served.items() if line in line_ids
    }


@pytest.mark.parametrize("strategy", [d["name"] for d in STRATEGIES])
def test_a_quote_plans_what_a_real_run_plans(shop: Application, strategy: str) -> None:
    numbers = np.random.default_rng(11)
    served = 0
    for _ in range(25):
        request = random_request(numbers, strategy)
        with shop.database.unit_of_work() as session:
            restock(session, numbers)
            quoted: dict[str, dict[str, int]] = {}
            for line in quote(session, request, now=NOW).plan.lines:
                quoted.setdefault(line.line_id, {})[line.source] = line.quantity

            assert quoted == run_for_real(session, request)
            served += bool(quoted)

    assert served >= 5
