"""One batch of soft reservations and releases, decided on stock families without a database."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from openiom.inventory_visibility import (
    HIERARCHY,
    ReservationResult,
    SoftReservationRequest,
    StockKey,
    reference_of,
)
from openiom.inventory_visibility.availability.hierarchy import (
    ROOT,
    Level,
    LockedStockRow,
    StockFamily,
)
from openiom.inventory_visibility.measures import ZERO
from openiom.inventory_visibility.reservations.resolved_requests import (
    ReservationRequest,
    resolve,
)
from openiom.inventory_visibility.reservations.soft_reservations import (
    ReservationBatch,
    _OpenReservation,
    _Scope,
)

RED: Level = frozenset({("colorid", "red")})
ORDERED, PHYSICAL = ("iv", "softreservordered"), ("iv", "softreservphysical")


def batch(root: int = 0, red: int = 0, known: tuple[str, ...] = ()) -> ReservationBatch:
    """Stock of a tee: units without a color (row 1) and red ones (row 2)."""
    rows = {}
    for number, (level, units) in enumerate(((ROOT, root), (RED, red)), 1):
        rows[level] = LockedStockRow(
            number, level, Decimal(units), ZERO, ZERO, ZERO, oversell=False
        )
    families = {(organization, "TEE", "SEA"): StockFamily(rows) for organization in ("", "other")}
    return ReservationBatch(families, set(known), "test")


def request(quantity: object, organization: str = "", **more: Any) -> ReservationRequest:
    color = more.pop("color", "")
    asked = SoftReservationRequest(
        organization,
        "TEE",
        "SEA",
        Decimal(str(quantity)),
        {"colorid": color} if color else {},
        **more,
    )
    return resolve(asked, HIERARCHY)


def open_reservation(
    number: int, units: int, measure: tuple[str, str] = ORDERED
) -> _OpenReservation:
    return _OpenReservation(number, 1, measure, Decimal(units))


def test_a_request_is_resolved_to_its_key_reference_and_levels() -> None:
    found = request(2, color="red", event_id="e-1")
    assert found.key == StockKey("", "TEE", "SEA", "colorid=red")
    assert found.reference == reference_of(found.key)
    assert [list(place.levels) for place in found.places] == [[ROOT, RED]]
    assert (found.event_id, found.measure, found.refusal) == ("/e-1", ORDERED, "")
    assert not found.is_release
    assert request(-1).is_release
    assert request(1).event_id is None


@pytest.mark.parametrize("quantity", ["0", "0.00001", "NaN", "1E+13"])
def test_an_impossible_quantity_is_refused_whatever_the_stock(quantity: str) -> None:
    found = request(quantity)
    assert found.refusal == (
        "the quantity must be a number other than zero below 1e+13 with at most four decimals"
    )
    assert found.places == ()
    assert not found.is_release
    assert found.result_without_check().invalid == 0


def test_impossible_dimensions_are_refused_whatever_the_stock() -> None:
    asked = SoftReservationRequest("", "TEE", "SEA", Decimal(1), {"sizeid": "m"})
    assert "sizeid are not a beginning" in resolve(asked, HIERARCHY).refusal


def test_a_granted_request_is_entered_and_created() -> None:
    stock = batch(red=5)
    wanted = request(3, color="red", event_id="e-1", document="cart")
    assert stock.reserve(wanted) == ReservationResult(True, wanted.reference)
    (entry,) = stock.entries
    assert (entry.stock_id, entry.delta, entry.measure) == (2, 3, ORDERED)
    assert (entry.reserved_sign, entry.on_hand_sign) == (1, 0)
    assert (entry.cause, entry.document, entry.event_id) == ("test", "cart", "/e-1")
    (created,) = stock.created
    assert (created.stock_id, created.quantity, created.document) == (2, 3, "cart")
    assert (created.reference, created.measure) == (wanted.reference, "softreservordered")
    assert stock.documents == {("", "TEE", "SEA"): "cart"}
    assert stock.freed == set()
    assert stock.known == {"/e-1"}


def test_a_request_that_does_not_fit_changes_nothing() -> None:
    stock = batch(root=1, red=1)
    assert stock.reserve(request(3)).reason.startswith("2 units are free")
    assert stock.reserve(request(2, color="red")).reason.startswith("1 units are free at colorid")
    assert (stock.entries, stock.created, stock.documents) == ([], [], {})
    assert stock.reserve(request(2)).ok


def test_requests_of_a_batch_use_up_the_same_units() -> None:
    stock = batch(root=2, red=3)
    assert stock.reserve(request(4)).ok
    assert not stock.reserve(request(2, color="red")).ok
    assert stock.reserve(request(1, color="red")).ok


def test_without_a_check_units_are_reserved_that_are_not_there() -> None:
    stock = batch()
    assert stock.reserve(request(7, check=False)).ok
    family, row = request(1).places[0].locked(stock.families)
    assert (row.reserved, family.free(ROOT)) == (7, -7)


def test_a_known_event_is_a_duplicate_and_reserves_nothing() -> None:
    stock = batch(root=9, known=("/e-1",))
    result = stock.reserve(request(2, event_id="e-1"))
    assert (result.ok, result.duplicate) == (True, True)
    assert stock.entries == []
    assert stock.reserve(request(2, event_id="e-2")).duplicate is False
    assert stock.reserve(request(2, event_id="e-2")).duplicate is True


def test_a_refused_release_reports_its_units_as_invalid() -> None:
    refused = request("-1.00001")
    result = refused.result_without_check()
    assert (result.ok, result.invalid) == (False, Decimal("1.00001"))
    assert request("1.00001").result_without_check().invalid == 0


def test_units_are_released_from_the_oldest_reservation_first() -> None:
    stock = batch(root=9)
    stock.reserve(request(5))
    first, second = open_reservation(1, 2), open_reservation(2, 3)
    result = stock.release(request(-3, document="cart"), [first, second])
    assert (result.ok, result.reason, result.invalid) == (True, "", 0)
    assert (first.open, first.released) == (0, 2)
    assert (second.open, second.released) == (2, 1)
    assert [int(entry.delta) for entry in stock.entries] == [5, -3]
    assert stock.freed == {("TEE", "SEA")}


def test_a_release_of_two_measures_has_an_entry_for_each() -> None:
    stock = batch(root=9)
    stock.reserve(request(5))
    result = stock.release(
        request(-4, event_id="e-1"),
        [open_reservation(1, 2, PHYSICAL), open_reservation(2, 3)],
    )
    assert result.ok
    released = [(entry.measure, int(entry.delta), entry.event_id) for entry in stock.entries[1:]]
    assert released == [(PHYSICAL, -2, "/e-1"), (ORDERED, -2, "/e-1/2")]
    assert stock.known == {"/e-1"}


def test_units_that_are_not_reserved_are_invalid() -> None:
    stock = batch(root=9)
    stock.reserve(request(2))
    result = stock.release(request(-5), [open_reservation(1, 2)])
    assert (result.ok, result.invalid) == (True, 3)
    assert result.reason == "3 of 5 units were not reserved there"


def test_a_release_without_any_reservation_fails_and_may_be_repeated() -> None:
    stock = batch(root=9)
    result = stock.release(request(-5, event_id="e-1"), [])
    assert (result.ok, result.invalid) == (False, 5)
    assert stock.known == set()
    assert stock.entries == []


def test_released_units_of_another_organization_free_no_own_stock() -> None:
    stock = batch(root=9)
    stock.reserve(request(2, "other"))
    stock.release(request(-2, "other"), [open_reservation(1, 2)])
    assert stock.freed == set()


def test_a_release_uses_reservations_of_its_measure_or_of_its_document() -> None:
    stock = batch(red=5)
    plain = request(-1)
    assert stock.scope_of(plain) == _Scope((1,), plain.reference, "iv", "softreservordered", "")
    red = request(-1, color="red", measure="softreservphysical")
    assert stock.scope_of(red) == _Scope((2,), red.reference, "iv", "softreservphysical", "")
    anything = replace(request(-1, document="cart"), any_measure=True)
    assert stock.scope_of(anything) == _Scope((1,), anything.reference, "", "", "cart")


def test_refused_and_known_requests_are_decided_without_stock() -> None:
    stock = batch(known=("/e-1",))
    assert stock.is_decided(request(0))
    assert stock.is_decided(request(1, event_id="e-1"))
    assert not stock.is_decided(request(1, event_id="e-2"))
    assert not stock.is_decided(request(1))
