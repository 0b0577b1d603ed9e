"""An order with several addresses is sourced by the address of each line."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tests.fulfillment.builders import create, fulfillment_orders
from tests.fulfillment_optimization.sourcing_setup import SourcingSetup
from tests.orders.builders import NOW, SHIP_TO, line, master_data, placed

from openiom.app.order_gateway import OrderGateway
from openiom.fulfillment_optimization.decision_queries import list_decisions
from openiom.fulfillment_optimization.explain_routes import SourcingExplanation, explained
from openiom.fulfillment_optimization.what_if import what_if
from openiom.platform.database import Database

SEATTLE = {"city": "Seattle", "state": "WA", "postal_code": "98101", "country": "US"}
NEW_YORK = {"city": "New York", "state": "NY", "postal_code": "10001", "country": "US"}
TO_NEW_YORK = {"name": "Ann Bell", "line1": "5 W 31st St", **NEW_YORK}


@pytest.fixture
def coasts(database: Database) -> SourcingSetup:
    """SEA and NYC; orders go to Redmond, east of Seattle, unless a line says otherwise."""
    master_data(database, "LAMP", "RUG")
    made = SourcingSetup(database, OrderGateway())
    made.configure("source", "SEA", address=SEATTLE)
    made.configure("source", "NYC", address=NEW_YORK)
    return made


def order(coasts: SourcingSetup, *lines: dict[str, Any], number: str = "1001") -> UUID:
    return placed(coasts.database, *lines, external_id=number)


def to_new_york(product: str = "LAMP", quantity: int = 1) -> dict[str, Any]:
    return line(product, quantity, external_id=f"{product} east", ship_to=TO_NEW_YORK)


def parcels(coasts: SourcingSetup, order: UUID) -> list[tuple[str, str]]:
    """Create the fulfillment orders; return the source and the city of each, by source."""
    assert create(coasts.database, order)[0].ok
    found = fulfillment_orders(coasts.database, order)
    return sorted((one["source"], one["ship_to"]["city"]) for one in found)


def explanation(coasts: SourcingSetup, order: UUID) -> SourcingExplanation:
    with coasts.database.reading() as session:
        return explained(what_if(session, coasts.order_port, order, now=NOW), order, NOW, 10)


@pytest.mark.parametrize("first", ["Redmond", "New York"])
def test_each_parcel_comes_from_the_source_near_its_address(
    coasts: SourcingSetup, first: str
) -> None:
    coasts.stock(LAMP_SEA=9, LAMP_NYC=9)
    lines = [line("LAMP"), to_new_york()]
    if first == "New York":
        lines.reverse()

    mixed = order(coasts, *lines)
    assert [outcome.reason for outcome in coasts.source(mixed)] == ["sourced from NYC, SEA"]
    assert parcels(coasts, mixed) == [("NYC", "New York"), ("SEA", "Redmond")]


def test_lines_of_one_address_stay_together_wherever_they_are_listed(
    coasts: SourcingSetup,
) -> None:
    coasts.stock(LAMP_SEA=9, LAMP_NYC=9, RUG_SEA=9, RUG_NYC=9)
    mixed = order(coasts, to_new_york(), line("LAMP"), to_new_york("RUG"), line("RUG"))
    coasts.source(mixed)
    assert coasts.reserved(mixed) == [
        ("LAMP", "NYC", Decimal(1)),
        ("LAMP", "SEA", Decimal(1)),
        ("RUG", "NYC", Decimal(1)),
        ("RUG", "SEA", Decimal(1)),
    ]
    assert parcels(coasts, mixed) == [("NYC", "New York"), ("SEA", "Redmond")]


def test_one_source_sends_a_parcel_to_each_address_and_pays_the_way_to_each(
    coasts: SourcingSetup,
) -> None:
    coasts.stock(LAMP_SEA=9)
    coasts.strategy(weights={"parcel": 5.0, "per_100_km": 1.0})
    coasts.source(order(coasts, line("LAMP")), order(coasts, to_new_york(), number="1002"))
    near, far = (plan["cost"] for plan in decisions_in_order(coasts))
    mixed = order(coasts, line("LAMP"), to_new_york(), number="1003")
    coasts.source(mixed)

    with coasts.database.reading() as session:
        costs = sorted(decision.cost for decision in list_decisions(session, mixed))

    assert costs == [near, far]
    assert far - near == pytest.approx(38.5, abs=0.5)  # 3,850 km farther
    assert parcels(coasts, mixed) == [("SEA", "New York"), ("SEA", "Redmond")]


def decisions_in_order(coasts: SourcingSetup) -> list[dict[str, float]]:
    rows = coasts.rows(
        "SELECT cost::float8 FROM fulfillment_optimization.sourcing_decision ORDER BY cost"
    )
    return [{"cost": cost} for (cost,) in rows]


def test_a_source_too_far_from_the_address_of_a_line_does_not_serve_it(
    coasts: SourcingSetup,
) -> None:
    coasts.strategy(maximum_distance_km=1000.0, allow_partial=True)
    coasts.stock(LAMP_SEA=9, RUG_SEA=9, RUG_NYC=9)
    mixed = order(coasts, line("LAMP"), to_new_york("LAMP"), to_new_york("RUG"))
    outcome = coasts.source(mixed)[0]
    assert outcome.ok
    assert outcome.reason == "sourced in part; no stock for LAMP"
    assert coasts.reserved(mixed) == [("LAMP", "SEA", Decimal(1)), ("RUG", "NYC", Decimal(1))]


def test_an_order_that_must_be_whole_leaves_its_stock_to_others(coasts: SourcingSetup) -> None:
    coasts.stock(LAMP_SEA=1)
    mixed = order(coasts, line("LAMP"), to_new_york("RUG"))
    other = order(coasts, line("LAMP"), number="1002")
    outcomes = coasts.source(mixed, other)
    assert [outcome.reason for outcome in outcomes] == [
        "Inventory not found: no source can serve LAMP, RUG",
        "sourced from SEA",
    ]
    assert coasts.reserved(mixed) == []

    with coasts.database.reading() as session:
        refused = {
            (candidate.source, candidate.refused)
            for decision in list_decisions(session, mixed)
            for candidate in decision.candidates
        }

    assert refused == {
        ("SEA", "the order must be sourced whole"),
        ("NYC", "the order must be sourced whole"),
        ("SEA", "nothing on hand"),
        ("NYC", "nothing on hand"),
    }


def test_an_order_that_must_be_whole_waits_for_the_next_day_of_a_full_source(
    coasts: SourcingSetup,
) -> None:
    coasts.configure("source", "NYC", address=NEW_YORK, daily_parcels=0)
    coasts.stock(LAMP_SEA=9, RUG_NYC=9)
    outcome = coasts.source(order(coasts, line("LAMP"), to_new_york("RUG")))[0]
    assert not outcome.ok
    assert outcome.reason.startswith("no capacity left today at NYC; tried again at 2026-11-2")


def test_a_line_whose_own_address_is_that_of_the_order_goes_with_the_others(
    coasts: SourcingSetup,
) -> None:
    coasts.stock(LAMP_SEA=9, RUG_SEA=9)
    same = order(coasts, line("LAMP"), line("RUG", ship_to=SHIP_TO))
    coasts.source(same)
    assert parcels(coasts, same) == [("SEA", "Redmond")]

    with coasts.database.reading() as session:
        assert [len(one.chosen) for one in list_decisions(session, same)] == [2]


def test_an_explanation_measures_each_line_from_its_own_address(coasts: SourcingSetup) -> None:
    coasts.strategy(weights={"parcel": 5.0, "per_100_km": 1.0})
    coasts.stock(LAMP_SEA=9, LAMP_NYC=9)
    mixed = order(coasts, to_new_york(), line("LAMP"))
    found = explanation(coasts, mixed)
    assert [one.source for one in found.lines] == ["SEA", "NYC"]
    west, east = found.lines
    carriage = {c.source: round(c.cost["carriage"]) for c in west.candidates}
    assert carriage == {"SEA": 0, "NYC": 38}
    assert {c.source: round(c.cost["carriage"]) for c in east.candidates} == {"SEA": 39, "NYC": 0}
    assert found.cost == pytest.approx(sum(found.parts.values()), abs=0.01)
    assert [c.source for one in found.lines for c in one.candidates if c.wins_with] == [
        "NYC",
        "SEA",
    ]


def test_the_re_optimizer_moves_each_line_near_its_own_address(coasts: SourcingSetup) -> None:
    coasts.strategy(reoptimize={"enabled": True, "minimum_saving": 0.5})
    coasts.stock(LAMP_NYC=9)
    mixed = order(coasts, line("LAMP"), to_new_york())
    coasts.source(mixed)
    assert coasts.reserved(mixed) == [("LAMP", "NYC", Decimal(1))] * 2
    coasts.stock(LAMP_SEA=9, LAMP_NYC=9)
    assert coasts.reoptimize() == 1
    assert coasts.reserved(mixed) == [("LAMP", "NYC", Decimal(1)), ("LAMP", "SEA", Decimal(1))]


def test_the_re_optimizer_moves_the_lines_of_two_addresses_at_once(coasts: SourcingSetup) -> None:
    coasts.configure("source", "CHI", address={"city": "Chicago", "state": "IL", "country": "US"})
    coasts.strategy(reoptimize={"enabled": True, "minimum_saving": 0.5})
    coasts.stock(LAMP_CHI=9)
    mixed = order(coasts, line("LAMP"), to_new_york())
    coasts.source(mixed)
    coasts.stock(LAMP_SEA=9, LAMP_NYC=9)
    coasts.reoptimize()
    assert coasts.reserved(mixed) == [("LAMP", "NYC", Decimal(1)), ("LAMP", "SEA", Decimal(1))]
