"""Backorder reservations that a batch uses, and what it closes of them."""

from decimal import Decimal
from uuid import UUID

from openiom.inventory_visibility.availability.decisions import PartsRequest
from openiom.inventory_visibility.locks import LockedReservation
from openiom.inventory_visibility.reservations.backorder_reservations import BackorderUnits
from openiom.inventory_visibility.reservations.close_reservations import ReservationClosure

FIRST, SECOND = UUID(int=1), UUID(int=2)


def reservation(
    number: int, units: int, *, line_id: UUID = FIRST, product: str = "LAMP", source: str = "SEA"
) -> LockedReservation:
    return LockedReservation(
        id=number,
        line_id=line_id,
        stock_id=number,
        product=product,
        source=source,
        open=Decimal(units),
        data_source="iv",
        measure="softreservordered",
        document="20480",
        per_unit=1,
    )


def request(line_id: UUID = FIRST, source: str = "SEA", **parts: int) -> PartsRequest:
    return PartsRequest(line_id, source, {name: Decimal(units) for name, units in parts.items()})


def closed(units: BackorderUnits, *lines: UUID) -> list[tuple[int, int]]:
    closure = ReservationClosure({}, "released", "test")
    units.add_unused(closure, lines)
    return [(one.reservation_id, int(one.units)) for one in closure.closed]


def test_a_line_needs_only_what_it_has_not_reserved_at_the_source() -> None:
    units = BackorderUnits([reservation(1, 4)])
    assert units.use(request(LAMP=6)).parts == {"LAMP": 2}
    assert units.used_by([FIRST]) == [1]
    assert closed(units, FIRST) == []


def test_a_line_that_has_everything_needs_nothing() -> None:
    units = BackorderUnits([reservation(1, 4)])
    assert units.use(request(LAMP=3)).parts == {}
    assert closed(units, FIRST) == [(1, 1)]


def test_units_of_other_lines_sources_and_products_are_not_used() -> None:
    units = BackorderUnits(
        [
            reservation(1, 4, line_id=SECOND),
            reservation(2, 4, source="CHI"),
            reservation(3, 4, product="DESK"),
        ]
    )
    assert units.use(request(LAMP=6)).parts == {"LAMP": 6}
    assert units.used_by([FIRST, SECOND]) == []
    assert closed(units, FIRST) == [(2, 4), (3, 4)]
    assert closed(units, SECOND) == [(1, 4)]


def test_several_reservations_are_used_one_after_the_other_and_only_once() -> None:
    units = BackorderUnits([reservation(1, 2), reservation(2, 3)])
    assert units.use(request(LAMP=4)).parts == {}
    assert units.used == {1: 2, 2: 2}
    assert units.use(request(LAMP=4)).parts == {"LAMP": 3}
    assert units.used_by([FIRST]) == [1, 2]
    assert closed(units, FIRST) == []


def test_the_parts_of_a_kit_are_used_each_by_itself() -> None:
    units = BackorderUnits([reservation(1, 2, product="TOP"), reservation(2, 4, product="LEG")])
    assert units.use(request(TOP=2, LEG=8)).parts == {"LEG": 4}


def test_nothing_is_closed_for_lines_that_were_not_granted() -> None:
    units = BackorderUnits([reservation(1, 4)])
    assert closed(units, SECOND) == []
    assert units.used_by([SECOND]) == []


def test_a_closure_collects_the_open_units_of_reservations() -> None:
    closure = ReservationClosure({}, "released", "test")
    closure.add_open_units([reservation(1, 4), reservation(2, 1)])
    assert [(one.reservation_id, one.units) for one in closure.closed] == [(1, 4), (2, 1)]
