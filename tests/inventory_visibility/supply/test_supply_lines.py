"""Lines of supply orders: what is open of them, and the schedule that follows at both ends."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from openiom.inventory_visibility import SupplyDocument, SupplyLineDocument, SupplyLineKey
from openiom.inventory_visibility.supply.lines import Scheduled, SupplyLineState
from openiom.inventory_visibility.supply.service import (
    _document_refusal,
    amendment_refusal,
)

FIRST, SECOND, THIRD = date(2026, 11, 22), date(2026, 11, 25), date(2026, 11, 30)
ONE = Decimal(1)
ID = UUID(int=5)


def line(**given: Any) -> SupplyLineState:
    """A line of ten lamps to CHI, from SEA when `origin` is given, scheduled as it is."""
    state = SupplyLineState(
        id=ID,
        key=SupplyLineKey("transfer", "T-1", 2),
        product="LAMP",
        source="CHI",
        origin=given.pop("origin", ""),
        quantity=Decimal(given.pop("quantity", 10)),
        received=Decimal(given.pop("received", 0)),
        shipped=Decimal(given.pop("shipped", 0)),
        closed=Decimal(given.pop("closed", 0)),
        scheduled=Decimal(0),
        scheduled_demand=Decimal(0),
        expected_date=SECOND,
        ship_date=FIRST,
        confidence=ONE,
        version=3,
        supply=Scheduled(Decimal(0), SECOND, ONE),
        demand=Scheduled(Decimal(0), FIRST, ONE),
    )
    assert not given
    return state


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (line(), 10),
        (line(received=4), 6),
        (line(received=4, closed=5), 1),
        (line(received=12), 0),
        (line(closed=10), 0),
    ],
)
def test_units_neither_received_nor_closed_are_open(state: SupplyLineState, expected: int) -> None:
    assert state.open == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (line(), 0),
        (line(origin="SEA"), 10),
        (line(origin="SEA", shipped=4), 6),
        (line(origin="SEA", received=3), 7),
        (line(origin="SEA", shipped=4, received=5), 5),
        (line(origin="SEA", shipped=4, closed=5), 1),
        (line(origin="SEA", shipped=12), 0),
    ],
)
def test_received_units_have_left_the_origin_reported_or_not(
    state: SupplyLineState, expected: int
) -> None:
    assert state.to_ship == expected


def test_a_new_line_is_scheduled_at_its_source() -> None:
    state = line()
    (change,) = state.reschedule()
    assert change.event_id == f"supply/{ID}/4"
    assert (change.product, change.source, change.organization) == ("LAMP", "CHI", "")
    assert change.quantities == {(SECOND, "iom", "onhand"): 10}
    assert (change.document, change.confidence) == ("transfer T-1", 1)
    assert (state.version, state.scheduled, state.scheduled_demand) == (4, 10, 0)


def test_a_transfer_is_scheduled_at_both_ends() -> None:
    supply, demand = line(origin="SEA").reschedule()
    assert supply.quantities == {(SECOND, "iom", "onhand"): 10}
    assert demand.event_id == f"supply/{ID}/4/origin"
    assert demand.source == "SEA"
    assert demand.quantities == {(FIRST, "iom", "onhand"): -10}


def test_a_line_that_did_not_change_is_not_scheduled_again() -> None:
    state = line(origin="SEA")
    state.reschedule()
    assert state.reschedule() == []
    assert state.version == 4


def test_another_day_moves_what_was_scheduled() -> None:
    state = line()
    state.reschedule()
    state.expected_date = THIRD
    (change,) = state.reschedule()
    assert change.event_id == f"supply/{ID}/5"
    assert change.quantities == {(SECOND, "iom", "onhand"): -10, (THIRD, "iom", "onhand"): 10}


def test_received_units_leave_the_schedule_and_release_their_demand() -> None:
    state = line(origin="SEA")
    state.reschedule()
    state.received = Decimal(4)
    supply, demand = state.reschedule()
    assert supply.quantities == {(SECOND, "iom", "onhand"): -4}
    assert demand.quantities == {(FIRST, "iom", "onhand"): 4}
    assert (state.scheduled, state.scheduled_demand) == (6, 6)


def test_shipped_units_are_still_expected() -> None:
    state = line(origin="SEA")
    state.reschedule()
    state.shipped = Decimal(10)
    (demand,) = state.reschedule()
    assert demand.source == "SEA"
    assert demand.quantities == {(FIRST, "iom", "onhand"): 10}


def test_another_confidence_is_a_new_version_without_a_change_of_quantities() -> None:
    state = line()
    state.reschedule()
    state.confidence = Decimal("0.5")
    assert state.reschedule() == []
    assert (state.version, state.supply.confidence) == (5, Decimal("0.5"))


def wanted(**given: Any) -> SupplyLineDocument:
    return SupplyLineDocument(
        line_number=given.pop("number", 2),
        product=given.pop("product", "LAMP"),
        source=given.pop("source", "CHI"),
        quantity=Decimal(given.pop("quantity", 10)),
        expected_date=SECOND,
        **given,
    )


@pytest.mark.parametrize(
    ("state", "document", "reason"),
    [
        (line(), wanted(), ""),
        (line(), wanted(product="DESK"), "line 2 is for LAMP to CHI; close it and add another"),
        (line(), wanted(source="NYC"), "line 2 is for LAMP to CHI; close it and add another"),
        (line(), wanted(origin="SEA"), ""),
        (line(origin="SEA"), wanted(origin="SEA"), ""),
        (line(origin="SEA"), wanted(), "line 2 comes from SEA; close it and add another"),
        (line(closed=1), wanted(), "line 2 was closed short; add another"),
        (line(received=4), wanted(quantity=4), ""),
        (line(received=4), wanted(quantity=3), "4 units of line 2 were received already"),
        (line(shipped=5), wanted(quantity=5), ""),
        (line(shipped=5), wanted(quantity=4), "5 units of line 2 were shipped already"),
    ],
)
def test_a_known_line_is_amended_unless_that_contradicts_what_happened(
    state: SupplyLineState, document: SupplyLineDocument, reason: str
) -> None:
    assert amendment_refusal(state, document) == reason


@pytest.mark.parametrize(
    ("kind", "lines", "reason"),
    [
        ("purchase", [wanted()], ""),
        ("purchase", [wanted(), wanted(number=3)], ""),
        ("purchase", [wanted(), wanted()], "a line number appears twice"),
        (
            "purchase",
            [wanted(origin="SEA")],
            "line 2 of a purchase order names an origin; only a transfer order has one",
        ),
        ("transfer", [wanted(origin="SEA")], ""),
        ("transfer", [wanted(origin="CHI")], "line 2 goes from CHI to itself"),
        ("transfer", [wanted(origin="SEA", ship_date=SECOND)], ""),
        ("transfer", [wanted(origin="SEA", ship_date=THIRD)], "line 2 leaves after it is expected"),
        ("transfer", [wanted(ship_date=THIRD)], ""),
    ],
)
def test_a_document_that_contradicts_itself_is_refused(
    kind: Any, lines: list[SupplyLineDocument], reason: str
) -> None:
    document = SupplyDocument(kind, "N-1", lines)
    assert _document_refusal(document, is_repeated=False) == reason


def test_an_order_appears_once_per_request() -> None:
    document = SupplyDocument("purchase", "PO-1", [wanted()])
    reason = "purchase PO-1 appears twice in this request"
    assert _document_refusal(document, is_repeated=True) == reason
