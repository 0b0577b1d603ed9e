"""Single reservations of concurrent callers in one transaction."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Thread

from openiom.inventory_visibility import (
    MeasureChange,
    ReservationBatcher,
    ReservationResult,
    SoftReservationRequest,
    post_measures,
)
from openiom.inventory_visibility.reservations.batcher import _neighbors, _PendingRequest
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
REQUEST = SoftReservationRequest("", "LAMP", "SEA", Decimal(1))


def pending(actor: str = "shop") -> _PendingRequest:
    return _PendingRequest(REQUEST, NOW, actor)


def sizes(*requests: _PendingRequest) -> list[int]:
    return [len(group) for group in _neighbors(requests)]


def test_neighbors_of_one_actor_share_a_call() -> None:
    assert sizes(pending()) == [1]
    assert sizes(pending(), pending(), pending()) == [3]
    assert sizes(pending("a"), pending("a"), pending("b"), pending("a")) == [2, 1, 1]


def test_groups_keep_the_order_of_the_calls() -> None:
    first, second, third = pending("a"), pending("b"), pending("b")
    assert _neighbors([first, second, third]) == [[first], [second, third]]


def test_concurrent_callers_each_have_their_result(database: Database) -> None:
    with database.unit_of_work() as session:
        change = MeasureChange("", "LAMP", "SEA", {("pos", "posinbound"): Decimal(5)})
        post_measures(session, [change], now=NOW, actor="pos", cause="api")

    batcher = ReservationBatcher(database)
    results: dict[int, ReservationResult] = {}

    def reserve(number: int) -> None:
        request = SoftReservationRequest(
            "", "LAMP", "SEA", Decimal(1), event_id=f"e-{number}", document=str(number)
        )
        results[number] = batcher.reserve(
            request, now=NOW + timedelta(seconds=number), actor=f"shop {number % 2}"
        )

    threads = [Thread(target=reserve, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    granted = {number for number, result in results.items() if result.ok}
    assert len(results) == 8
    assert len(granted) == 5

    with database.reading() as session:
        documents = fetch(session, "SELECT document FROM inventory_visibility.reservation")

    assert {int(document) for (document,) in documents} == granted
