"""The adapter between orders and the optimizer translates lines and changes."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from openiom.app import order_gateway
from openiom.app.demand_gateway import _past_order
from openiom.app.order_gateway import OrderGateway
from openiom.fulfillment import RefusedLine
from openiom.fulfillment_optimization import SourcedLine, SplitPart
from openiom.orders import OPTIMIZED

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ORDER = UUID(int=1)
LINE = UUID(int=2)
OTHER = UUID(int=3)
REFUSED_BY_NYC = RefusedLine(LINE, "LAMP", "NYC", NOW)
SESSION: Any = None


def orders_line(line_id: UUID = LINE, *, source: str = "SEA") -> Any:
    return SimpleNamespace(
        line_id=line_id,
        order_id=ORDER,
        product="LAMP",
        quantity=3,
        country="US",
        place=(47.6, -122.1),
        source=source,
        ship_to={"state": "WA", "company": "Fabrikam"},
        strategy="fast",
        requested_delivery_date=date(2026, 5, 9),
        channel="web",
        customer_group="gold",
        address=0,
        order_number="1042",
        waited=True,
        stock_per_step=12,
        stock_decimals=2,
    )


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> OrderGateway:
    monkeypatch.setattr(
        order_gateway, "source_refusals", lambda session, ids: {LINE: (REFUSED_BY_NYC,)}
    )
    return OrderGateway()


def test_an_open_line_has_everything_the_optimizer_needs(
    gateway: OrderGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_gateway, "open_lines", lambda session, ids: [orders_line()])

    [line] = gateway.open_lines(SESSION, [ORDER])

    assert (line.line_id, line.order_id, line.product, line.quantity) == (LINE, ORDER, "LAMP", 36)
    assert (line.steps, line.stock_per_step, line.stock_decimals) == (3, 12, 2)
    assert (line.country, line.place, line.state) == ("US", (47.6, -122.1), "WA")
    assert (line.source, line.refusals) == ("SEA", (("NYC", REFUSED_BY_NYC.refused_at),))
    assert (line.strategy, line.wanted, line.business) == ("fast", date(2026, 5, 9), True)
    assert (line.channel, line.customer_group) == ("web", "gold")
    assert (line.document, line.was_backordered) == ("1042", True)


def test_a_destination_without_company_and_state_is_private(
    gateway: OrderGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = orders_line(OTHER)
    given.ship_to = {"state": None}
    monkeypatch.setattr(order_gateway, "open_lines", lambda session, ids: [given])

    [line] = gateway.open_lines(SESSION, [ORDER])

    assert (line.state, line.business, line.refusals) == ("", False, ())


def test_a_source_that_the_optimizer_chose_is_not_a_requirement(
    gateway: OrderGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        order_gateway,
        "unshipped_lines",
        lambda session, ids: [(orders_line(), True), (orders_line(OTHER), False)],
    )

    optimized, chosen_by_policy = gateway.unshipped_lines(SESSION, [ORDER])

    assert optimized.line.source == ""
    assert optimized == SourcedLine(optimized.line, "SEA")
    assert chosen_by_policy.line.source == "SEA"
    assert chosen_by_policy == SourcedLine(chosen_by_policy.line, "SEA")


def test_the_backlog_has_sourced_lines_only(
    gateway: OrderGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested: list[Any] = []

    def movable_orders(session: Any, strategies: Any, *, limit: int, only: Any) -> list[UUID]:
        requested.append((strategies, limit, only))
        return [ORDER]

    monkeypatch.setattr(order_gateway, "movable_orders", movable_orders)
    monkeypatch.setattr(
        order_gateway,
        "open_lines",
        lambda session, ids: [orders_line(), orders_line(OTHER, source="")],
    )

    lines = gateway.lock_backlog(SESSION, ["fast"], limit=9, only=[ORDER])

    assert [line.line_id for line in lines] == [LINE]
    assert requested == [(["fast"], 9, [ORDER])]


def test_split_lines_get_their_sources_except_the_first_part(
    gateway: OrderGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(
        order_gateway, "split_lines", lambda session, parts, now, actor: calls.append(parts)
    )
    monkeypatch.setattr(
        order_gateway,
        "assign_sources",
        lambda session, sources, now, actor: calls.append((sources, now, actor)),
    )
    parts = [SplitPart(LINE, 1, "SEA"), SplitPart(OTHER, 2, "CHI"), SplitPart(UUID(int=4), 3, "")]

    gateway.split_lines(SESSION, {LINE: parts}, NOW, "optimizer")

    assert calls == [
        {LINE: [(LINE, 1), (OTHER, 2), (UUID(int=4), 3)]},
        ({OTHER: ("CHI", OPTIMIZED)}, NOW, "optimizer"),
    ]


@pytest.mark.parametrize(
    ("wanted", "days"), [(None, None), (date(2026, 5, 9), 5), (date(2026, 5, 4), 0)]
)
def test_a_past_order_knows_after_how_many_days_it_was_wanted(
    wanted: date | None, days: int | None
) -> None:
    placed: Any = SimpleNamespace(
        placed_at=NOW,
        ship_to={"country": "US", "state": "WA", "postal_code": "98007", "company": ""},
        currency="USD",
        requested_delivery_date=wanted,
        lines=[SimpleNamespace(product="LAMP", quantity=2, revenue=Decimal("19.90"))],
    )

    past = _past_order(placed)

    assert (past.country, past.state, past.currency) == ("US", "WA", "USD")
    assert (past.business, past.wanted_days) == (False, days)
    assert past.place is not None
    [line] = past.lines
    assert (line.product, line.quantity, line.revenue) == ("LAMP", 2, Decimal("19.90"))
