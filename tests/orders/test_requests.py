"""Fields set by policies, stored responses, and the counters of orders."""

from collections.abc import Mapping
from datetime import date
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from tests.orders.builders import NOW, facts, line, master_data, placed, sourced, stock

from openiom.kernel import Invalid, Refused
from openiom.orders import set_line_fields, set_order_fields
from openiom.orders.queries import count_orders
from openiom.orders.service.idempotency import store_response, stored_response
from openiom.orders.state_counts import COMPACT_EVERY, add_counts, compact_counts
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.platform.events import timeline


@pytest.fixture
def shop(database: Database) -> Database:
    master_data(database)
    stock(database, Accu_Scale__SEA=50)
    return database


def set_order(database: Database, order: UUID, **fields: Any) -> None:
    with database.unit_of_work() as session:
        set_order_fields(session, {order: fields}, NOW, "policy")


def problems_of(error: Invalid) -> list[str]:
    return [str(problem) for problem in error.problems]


def test_fields_of_an_order_are_set_and_published(shop: Database) -> None:
    order = placed(shop)
    fields = {
        "account": "TestBCAccount",
        "company": "Fabrikam",
        "strategy": "near",
        "price_list": "MasterPriceList",
        "shipping_method": "air",
    }
    set_order(shop, order, **fields)
    found = facts(shop, order)
    assert {name: found[name] for name in fields} == fields

    with shop.reading() as session:
        event = timeline(session, [order])[0]

    assert (event.name, event.data, event.actor) == (
        "order.fields_set",
        {"fields": fields},
        "policy",
    )


def test_optional_fields_can_be_emptied(shop: Database) -> None:
    order = placed(shop, account="TestBCAccount", price_list="MasterPriceList")
    set_order(shop, order, account=None, price_list=None)
    found = facts(shop, order)
    assert (found["account"], found["price_list"]) == (None, None)


def test_nothing_to_set_publishes_nothing(shop: Database) -> None:
    order = placed(shop)
    set_order(shop, order)
    with shop.reading() as session:
        assert [event.name for event in timeline(session, [order])] == ["order.created"]


def test_a_source_is_set_on_lines_before_fulfillment_only(shop: Database) -> None:
    order = placed(shop, line(quantity=2), line("Lamp"))
    sourced(shop, [order], only=["Accu Scale"])
    set_order(shop, order, source="CHI")
    assert [one["source"] for one in facts(shop, order)["lines"]] == ["SEA", "CHI"]
    with shop.reading() as session:
        rows = fetch(session, "SELECT source_reason FROM orders.order_line ORDER BY line_number")
    assert rows == [("nearest",), ("policy",)]


def test_fields_of_lines_are_set_and_published_on_the_order(shop: Database) -> None:
    order = placed(shop, line(), line("Lamp"))
    scale, lamp = (UUID(one["id"]) for one in facts(shop, order)["lines"])
    values: Mapping[UUID, Mapping[str, Any]] = {
        scale: {"company": "Fabrikam"},
        lamp: {"requested_delivery_date": "2026-12-24", "source": None},
    }

    with shop.unit_of_work() as session:
        set_line_fields(session, values, NOW, "policy")
        events = timeline(session, [order])

    lines = facts(shop, order)["lines"]
    assert [one["company"] for one in lines] == ["Fabrikam", ""]
    assert lines[1]["requested_delivery_date"] == date(2026, 12, 24).isoformat()
    assert {(e.subject_type, e.data["line_number"]) for e in events[:2]} == {
        ("order_line", 1),
        ("order_line", 2),
    }


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (
            {"total_amount": "1"},
            "total_amount: cannot be set (settable are account, company, price_list,"
            " shipping_method, source, strategy)",
        ),
        ({"company": 5}, "company: cannot be 5 (give text)"),
        ({"company": None}, "company: cannot be None (give text)"),
        ({"source": ["SEA"]}, "source: cannot be ['SEA'] (give text)"),
    ],
)
def test_a_field_that_cannot_be_set_says_why(
    shop: Database, fields: dict[str, Any], problem: str
) -> None:
    order = placed(shop)
    with pytest.raises(Invalid) as raised:
        set_order(shop, order, **fields)
    assert problems_of(raised.value) == [problem]


def test_all_problems_are_reported_at_once(shop: Database) -> None:
    order = placed(shop)
    with pytest.raises(Invalid) as raised:
        set_order(shop, order, company=5, state="completed", strategy="near")
    assert [problem.split(":")[0] for problem in problems_of(raised.value)] == ["company", "state"]
    assert facts(shop, order)["strategy"] == ""


def respond(database: Database, key: str, digest: str, **response: Any) -> Any:
    """Return the stored response to a request, or store one."""
    with database.unit_of_work() as session:
        known = stored_response(session, principal="ann", key=key, digest=digest)
        if known is None:
            store_response(
                session, principal="ann", key=key, digest=digest, response=response, now=NOW
            )
        return known


def test_a_response_is_returned_to_the_same_request(database: Database) -> None:
    assert respond(database, "k", "d", number="1001") is None
    assert respond(database, "k", "d", number="1002") == {"number": "1001"}
    assert respond(database, "other", "d", number="1002") is None


def test_a_key_belongs_to_one_request(database: Database) -> None:
    respond(database, "k", "d")
    with pytest.raises(Refused, match="used for another request") as raised:
        respond(database, "k", "other")
    assert raised.value.where == "Idempotency-Key"
    assert raised.value.remedy.startswith("use a new key for a new request")


def test_a_key_belongs_to_one_principal(database: Database) -> None:
    respond(database, "k", "d", number="1001")
    with database.unit_of_work() as session:
        assert stored_response(session, principal="bob", key="k", digest="d") is None


def test_concurrent_requests_with_one_key_wait_for_the_first(database: Database) -> None:
    answers: list[Any] = []

    def request() -> None:
        answers.append(respond(database, "k", "d", number="1001"))

    threads = [Thread(target=request) for _ in range(4)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join(30)

    assert answers.count(None) == 1
    assert answers.count({"number": "1001"}) == 3


def deltas(database: Database) -> list[tuple[str, str, int]]:
    query = "SELECT state, attention, orders FROM orders.order_count_delta ORDER BY id"
    with database.reading() as session:
        return [(state, attention, orders) for state, attention, orders in fetch(session, query)]


def test_counts_without_a_change_are_not_stored(database: Database) -> None:
    with database.unit_of_work() as session:
        add_counts(session, {("new", ""): 0})
        add_counts(session, {})
        add_counts(session, {("new", ""): 2, ("on_hold", "failed"): -1, ("canceled", ""): 0})
    assert deltas(database) == [("new", "", 2), ("on_hold", "failed", -1)]


def test_compacted_counts_have_the_same_sums(database: Database) -> None:
    with database.unit_of_work() as session:
        for _ in range(10):
            add_counts(session, {("new", ""): 1, ("on_hold", "failed"): 2})
            add_counts(session, {("new", ""): -1})
        compact_counts(session)
    assert deltas(database) == [("on_hold", "failed", 20)]


def test_counts_are_compacted_while_they_are_appended(database: Database) -> None:
    with database.unit_of_work() as session:
        for _ in range(COMPACT_EVERY):
            add_counts(session, {("new", ""): 1})
    assert len(deltas(database)) == 1
    with database.reading() as session:
        assert count_orders(session).states["new"] == COMPACT_EVERY


def test_orders_of_both_attentions_are_counted(database: Database) -> None:
    with database.unit_of_work() as session:
        add_counts(
            session,
            {("on_hold", "failed"): 3, ("on_hold", "manual_hold"): 2, ("fraud_review", ""): 1},
        )

    with database.reading() as session:
        counts = count_orders(session)

    assert (counts.failed, counts.manual_hold) == (3, 2)
    assert counts.states["on_hold"] == 5
    assert counts.states["fraud_review"] == 1, "states of this environment are counted too"
    assert counts.states["completed"] == 0
