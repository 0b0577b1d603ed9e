"""Orders of concurrent requests are received together, and each request has its own answer."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event
from typing import Any

from sqlalchemy.orm import Session
from tests.orders.builders import NOW, document, line, master_data

from openiom.kernel import Refused
from openiom.orders import OrderIntake, receive_orders
from openiom.orders.schemas import OrdersRequest, OrdersResponse
from openiom.orders.service.order_intake import SHARED_ORDERS, IntakeRequest
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.provider_contract import InboundDocument, IntakeResult


class Receiver:
    """Receives orders and remembers the numbers of each call; the first call waits for `go_on`."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.is_busy = Event()
        self.go_on = Event()

    def __call__(
        self, session: Session, documents: Sequence[InboundDocument], now: datetime, actor: str
    ) -> Sequence[IntakeResult]:
        self.calls.append([str(one.document["number"]) for one in documents])
        self.is_busy.set()
        assert self.go_on.wait(20)
        return receive_orders(session, documents, now, actor)


def request(*orders: dict[str, Any], by: str = "ann", key: str | None = None) -> IntakeRequest:
    return IntakeRequest(OrdersRequest(orders=list(orders)), NOW, by, key)


def create_together(
    database: Database, receiver: Receiver, others: Sequence[IntakeRequest]
) -> list[OrdersResponse | str]:
    """Submit requests while another one is received; return their responses or refusals."""
    intake = OrderIntake(database, receiver)

    def outcome(one: IntakeRequest) -> OrdersResponse | str:
        try:
            return intake.create(one)
        except Refused as error:
            return str(error.what)

    with ThreadPoolExecutor(len(others) + 1) as pool:
        first = pool.submit(outcome, request(document("first")))
        assert receiver.is_busy.wait(20)
        running = []
        for number, one in enumerate(others):
            running.append(pool.submit(outcome, one))
            while len(intake._calls._queue) <= number:
                pass

        receiver.go_on.set()
        assert isinstance(first.result(20), OrdersResponse)
        return [future.result(20) for future in running]


def results(response: OrdersResponse | str) -> list[tuple[int, bool, str | None, bool]]:
    assert isinstance(response, OrdersResponse), response
    return [(one.index, one.ok, one.number, one.duplicate) for one in response.results]


def stored(database: Database) -> list[tuple[str, int]]:
    """Return the orders with the number of different transactions that created them."""
    with database.reading() as session:
        return fetch(
            session,
            "SELECT data->>'number', dense_rank() OVER (ORDER BY xid)"
            " FROM platform.business_event WHERE name = 'order.created' ORDER BY id",
        )


def test_requests_that_arrive_meanwhile_share_one_transaction(database: Database) -> None:
    master_data(database)
    receiver = Receiver()
    one, two = create_together(
        database, receiver, [request(document("1"), document("2")), request(document("3"))]
    )

    assert results(one) == [(0, True, "1", False), (1, True, "2", False)]
    assert results(two) == [(0, True, "3", False)]
    assert receiver.calls == [["first"], ["1", "2", "3"]]
    assert stored(database) == [("first", 1), ("1", 2), ("2", 2), ("3", 2)]


def test_a_refused_order_stops_no_other_request(database: Database) -> None:
    master_data(database)
    wrong = document("1", line(product="UNKNOWN"))
    one, two = create_together(database, Receiver(), [request(wrong), request(document("2"))])

    assert isinstance(one, OrdersResponse)
    [refused] = one.results
    assert (refused.index, refused.ok) == (0, False)
    assert refused.problem
    assert refused.problem.where
    assert results(two) == [(0, True, "2", False)]
    assert [number for number, _ in stored(database)] == ["first", "2"]


def test_one_order_in_two_requests_is_created_once(database: Database) -> None:
    master_data(database)
    same = [request(document("1")), request(document("1"))]
    answers = create_together(database, Receiver(), same)

    assert sorted(results(answer)[0][3] for answer in answers) == [False, True]
    assert [number for number, _ in stored(database)] == ["first", "1"]


def test_a_key_is_answered_once_also_within_a_transaction(database: Database) -> None:
    master_data(database)
    keyed = [request(document("1"), key="k"), request(document("1"), key="k")]
    one, two = create_together(database, Receiver(), keyed)

    assert results(one) == results(two) == [(0, True, "1", False)]


def test_a_key_of_another_request_is_refused_and_stops_no_other(database: Database) -> None:
    master_data(database)
    keyed = [
        request(document("1"), key="k"),
        request(document("2"), key="k"),
        request(document("3")),
    ]
    one, two, three = create_together(database, Receiver(), keyed)

    assert results(one) == [(0, True, "1", False)]
    assert two == "this idempotency key was used for another request"
    assert results(three) == [(0, True, "3", False)]
    assert [number for number, _ in stored(database)] == ["first", "1", "3"]


def test_requests_of_different_principals_keep_their_names(database: Database) -> None:
    master_data(database)
    asked = [request(document("1"), by="ann"), request(document("2"), by="ben")]
    create_together(database, Receiver(), asked)

    with database.reading() as session:
        actors = fetch(
            session,
            "SELECT data->>'number', actor FROM platform.business_event"
            " WHERE name = 'order.created' ORDER BY id",
        )
    assert actors == [("first", "ann"), ("1", "ann"), ("2", "ben")]


def test_a_large_request_does_not_wait_for_others(database: Database) -> None:
    master_data(database)
    receiver = Receiver()
    intake = OrderIntake(database, receiver)
    large = request(*(document(str(number)) for number in range(SHARED_ORDERS + 1)))

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(intake.create, request(document("first")))
        assert receiver.is_busy.wait(20)
        receiver.is_busy.clear()
        second = pool.submit(intake.create, large)
        assert receiver.is_busy.wait(20), "it waits for the first request"
        receiver.go_on.set()
        assert len(second.result(20).results) == SHARED_ORDERS + 1
        assert first.result(20).results[0].ok

    assert [len(call) for call in receiver.calls] == [1, SHARED_ORDERS + 1]
