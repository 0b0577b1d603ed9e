"""Expired reservations are released and published."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.inventory_visibility.invariants import check

from openiom.inventory_visibility import (
    MeasureChange,
    ReservationExpiryWorker,
    ShipmentPosting,
    SoftReservationRequest,
    StockReservationRequest,
    post_measures,
    reserve,
    ship,
    soft_reserve,
)
from openiom.kernel import new_id
from openiom.platform.batches import drain
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=15)


def test_expired_units_are_released_and_published(database: Database) -> None:
    line = new_id()
    with database.unit_of_work() as session:
        post_measures(
            session,
            [MeasureChange("", "LAMP", "SEA", {("pos", "posinbound"): Decimal(20)})],
            now=NOW,
            actor="pos",
            cause="api",
        )
        requests = [
            SoftReservationRequest(
                "", "LAMP", "SEA", Decimal(3), expires_at=SOON, document="cart 1"
            ),
            SoftReservationRequest(
                "",
                "LAMP",
                "SEA",
                Decimal(4),
                expires_at=SOON + timedelta(minutes=1),
                document="cart 2",
            ),
            SoftReservationRequest("", "LAMP", "SEA", Decimal(5), document="cart 3"),
        ]
        assert all(a.ok for a in soft_reserve(session, requests, now=NOW, actor="shop"))
        assert reserve(
            session, [StockReservationRequest(line, "LAMP", "SEA", 6, "S-1", SOON)], NOW, "test"
        ) == [True]
        ship(session, [ShipmentPosting(line, "LAMP", "SEA", 2, "parcel")], NOW, "test")

    assert drain(database, [ReservationExpiryWorker()], now=SOON - timedelta(seconds=1)) == 0
    assert drain(database, [ReservationExpiryWorker()], now=SOON, limit=1) == 2
    check(database)

    with database.reading() as session:
        left = fetch(
            session,
            "SELECT document, open, shipped, released"
            " FROM inventory_visibility.reservation ORDER BY document",
        )
        assert left == [
            ("S-1", 0, 2, 4),
            ("cart 1", 0, 0, 3),
            ("cart 2", 4, 0, 0),
            ("cart 3", 5, 0, 0),
        ]
        published = fetch(
            session,
            "SELECT subject_type, data->>'document', data->>'quantity' FROM platform.business_event"
            " WHERE name = 'reservation.expired' ORDER BY 2",
        )
        assert published == [("order_line", "S-1", "4"), ("reservation", "cart 1", "3")]
        subjects = fetch(
            session,
            "SELECT subject_id FROM platform.business_event WHERE subject_type = 'order_line'",
        )
        assert subjects == [(line,)]
        booked = fetch(
            session,
            "SELECT delta, cause, actor"
            " FROM inventory_visibility.ledger_entry WHERE actor = 'expiry' ORDER BY id",
        )
        assert booked == [
            (-3, "reservation expired", "expiry"),
            (-4, "reservation expired", "expiry"),
        ]
