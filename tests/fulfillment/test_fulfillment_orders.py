"""Fulfillment orders: created once per source, updated in any order, reconciled to the lines."""

from decimal import Decimal
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from tests.fulfillment.builders import (
    FACTS,
    broken_invariants,
    create,
    fulfillment_orders,
    parcel,
    ready,
    report,
    send,
    sourced_from,
    update,
)
from tests.orders.builders import (
    NOW,
    available,
    document,
    event_names,
    facts,
    line,
    master_data,
    placed,
    receive,
    sourced,
    state_of,
    stock,
)

from openiom.fulfillment import ACTIONS, FULFILLMENT_ORDER_TABLE
from openiom.kernel import new_id
from openiom.orders import (
    LineCancellation,
    cancel_lines,
    cancel_orders,
    confirm_billing,
    hold_orders,
)
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.state_framework import advance


def line_quantities(fulfillment_order: dict[str, Any]) -> list[tuple[str, int]]:
    return [(row["product"], row["quantity"]) for row in fulfillment_order["lines"]]


@pytest.fixture
def stocked(database: Database) -> Database:
    master_data(database)
    stock(database, Accu_Scale__SEA=100, Lamp__SEA=100, Lamp__CHI=100)
    return database


def test_one_fulfillment_order_for_each_source_and_never_a_second(stocked: Database) -> None:
    order = placed(stocked, line(quantity=2), line("Lamp", 3))
    sourced(stocked, [order], "SEA", only=["Accu Scale"])
    first = create(stocked, order)[0]
    assert (first.ok, first.details["fulfillment_orders"]) == (
        True,
        [fulfillment_orders(stocked, order)[0]["number"]],
    )
    assert "Lamp has no source yet" in first.reason
    sourced_from(stocked, order, "CHI")
    assert create(stocked, order)[0].ok
    made = fulfillment_orders(stocked, order)
    assert [f["source"] for f in made] == ["SEA", "CHI"]
    assert [line_quantities(f) for f in made] == [[("Accu Scale", 2)], [("Lamp", 3)]]
    assert [x["in_fulfillment"] for x in facts(stocked, order)["lines"]] == [2, 3]
    again = create(stocked, order, new_id())
    assert [o.ok for o in again] == [True, False]
    assert len(fulfillment_orders(stocked, order)) == 2
    assert event_names(stocked, order).count("fulfillment_order.created") == 2
    assert broken_invariants(stocked) == []


def test_an_order_without_sources_gets_no_fulfillment_order(stocked: Database) -> None:
    order = placed(stocked)
    outcome = create(stocked, order)[0]
    assert (outcome.ok, outcome.reason) == (False, "no source is assigned to Accu Scale")
    assert fulfillment_orders(stocked, order) == []
    assert event_names(stocked, order) == ["order.created"]


def test_an_order_held_by_hand_gets_no_fulfillment_order(stocked: Database) -> None:
    order = placed(stocked)
    sourced_from(stocked, order, "SEA")
    with stocked.unit_of_work() as session:
        assert hold_orders(session, [order], NOW, "ann")[0].ok
    outcome = create(stocked, order)[0]
    assert (outcome.ok, outcome.reason) == (False, "the order is on manual hold; release it first")
    assert fulfillment_orders(stocked, order) == []


def test_the_order_gets_one_event_when_all_its_parts_were_sent(stocked: Database) -> None:
    order = placed(stocked, line(), line("Lamp"))
    sourced(stocked, [order], "SEA", only=["Accu Scale"])
    create(stocked, order)
    sourced_from(stocked, order, "CHI")
    create(stocked, order)
    first, second = (f["id"] for f in fulfillment_orders(stocked, order))
    assert send(stocked, first)[0].ok
    assert "order.sent_to_fulfillment" not in event_names(stocked, order)
    assert send(stocked, second)[0].ok
    assert state_of(stocked, order) == ("fulfillment_in_process", "Sent To Fulfillment")
    assert [o.ok for o in send(stocked, first, second)] == [True, True]
    assert event_names(stocked, order).count("order.sent_to_fulfillment") == 1
    assert event_names(stocked, order).count("fulfillment_order.sent") == 2
    assert fulfillment_orders(stocked, order)[0]["external_id"] == f"3PL-{first[-4:]}"


def test_a_failed_send_changes_the_state_and_can_be_repeated(stocked: Database) -> None:
    order = ready(stocked)
    create(stocked, order)
    found = fulfillment_orders(stocked, order)[0]
    assert send(stocked, found["id"], event="fulfillment_order.send_failed")[0].ok
    assert state_of(stocked, order) == ("fulfillment_in_process", "Send To Fulfillment Failed")
    assert send(stocked, found["id"])[0].ok
    assert state_of(stocked, order) == ("fulfillment_in_process", "Sent To Fulfillment")


def test_an_answer_that_overtakes_the_sending_is_fine(stocked: Database) -> None:
    order = ready(stocked)
    create(stocked, order)
    found = fulfillment_orders(stocked, order)[0]
    assert report(stocked, update(found, "accepted", external_id="X1"))[0].ok
    assert state_of(stocked, order) == ("fulfillment_in_process", "Sent To Fulfillment")
    assert send(stocked, found["id"])[0].ok
    assert fulfillment_orders(stocked, order)[0]["state"] == "accepted"
    assert event_names(stocked, order).count("fulfillment_order.sent") == 1
    assert event_names(stocked, order).count("order.sent_to_fulfillment") == 1


def test_partial_shipments_reconcile_to_lines_orders_and_stock(stocked: Database) -> None:
    order = ready(stocked, line(quantity=5), line("Lamp", 2))
    create(stocked, order)
    found = fulfillment_orders(stocked, order)[0]
    send(stocked, found["id"])
    assert available(stocked, "Accu Scale", "SEA") == 95
    assert report(stocked, parcel(found, "P1", 3))[0].ok
    lines = facts(stocked, order)["lines"]
    assert [(x["shipped"], x["in_fulfillment"], x["state_reason"]) for x in lines] == [
        (3, 2, "Partially Shipped"),
        (0, 2, "Released To Fulfillment"),
    ]
    assert state_of(stocked, order) == ("fulfillment_in_process", "Partially Shipped")
    assert report(stocked, parcel(found, "P2", 2, 1), parcel(found, "P3", 0, 1))[1].ok
    assert [(x["shipped"], x["state_reason"]) for x in facts(stocked, order)["lines"]] == [
        (5, "Shipped"),
        (2, "Shipped"),
    ]
    assert state_of(stocked, order) == ("fulfillment_in_process", "Shipped")
    assert fulfillment_orders(stocked, order)[0]["state"] == "shipped"
    story = event_names(stocked, order)
    assert [
        story.count(e) for e in ("order.partially_shipped", "order.shipped", "shipment.recorded")
    ] == [1, 1, 3]

    with stocked.reading() as session:
        books = fetch(
            session,
            "SELECT product, on_hand, reserved FROM inventory_visibility.stock"
            " WHERE source = 'SEA'",
        )

    assert sorted(books) == [
        ("Accu Scale", Decimal(95), Decimal(0)),
        ("Lamp", Decimal(98), Decimal(0)),
    ]
    assert broken_invariants(stocked) == []


def test_shipment_facts_say_what_left_and_whether_it_was_the_last(stocked: Database) -> None:
    order = ready(stocked, line(quantity=2))
    create(stocked, order)
    found = fulfillment_orders(stocked, order)[0]
    report(stocked, parcel(found, "P1", 1))

    def shipments() -> list[dict[str, Any]]:
        with stocked.reading() as session:
            ids = [
                row[0] for row in fetch(session, "SELECT id FROM fulfillment.shipment ORDER BY id")
            ]
            by_id = FACTS["shipment"](session, ids)
        return [by_id[i] for i in ids]

    assert [s["final"] for s in shipments()] == [False]
    report(stocked, parcel(found, "P2", 1))
    first, _ = shipments()
    assert (first["carrier"], first["tracking_number"], first["final"]) == ("UPS", "1ZP1", True)
    assert first["order"]["instance"] == "fabrikam-store"
    assert [(i["product"], i["quantity"], i["order_line_external_id"]) for i in first["items"]] == [
        ("Accu Scale", 1, "Accu Scale")
    ]


def test_a_second_delivery_of_a_parcel_changes_nothing(stocked: Database) -> None:
    order = ready(stocked)
    create(stocked, order)
    found = fulfillment_orders(stocked, order)[0]
    answers = report(stocked, parcel(found, "P1", 5), parcel(found, "P1", 5))
    assert [(a.ok, a.duplicate) for a in answers] == [(True, False), (True, True)]
    story = event_names(stocked, order)
    again = report(
        stocked, parcel(found, "P1", 5), update(found, "accepted"), update(found, "packed")
    )
    assert [(a.ok, a.duplicate) for a in again] == [(True, True)] * 3
    assert event_names(stocked, order) == story
    assert broken_invariants(stocked) == []


@pytest.mark.parametrize(
    ("make", "where", "error"),
    [
        (
            lambda f: parcel(f, "P1", 6),
            "shipment.items[0].quantity",
            "5 units of Accu Scale are left to ship, not 6",
        ),
        (lambda f: update(f, "shipped"), "shipment", "it is unknown which units were shipped"),
        (
            lambda f: parcel({**f, "lines": [{"reference": "x"}]}, "P1", 1),
            "shipment.items[0].line",
            "x is not a line of",
        ),
        (
            lambda f: parcel({**f, "number": "FO-nope"}, "P1", 1),
            "number",
            "there is no fulfillment order FO-nope",
        ),
        (lambda f: update(f, "eaten"), "kind", "Input should be"),
        (lambda f: {"number": f["number"]}, "kind", "Field required"),
    ],
)
def test_a_wrong_update_among_good_ones_is_refused_alone(
    stocked: Database, make: Any, where: str, error: str
) -> None:
    order, other = ready(stocked), ready(stocked, external_id="1002")
    create(stocked, order, other)
    found, good = fulfillment_orders(stocked, order)[0], fulfillment_orders(stocked, other)[0]
    before = event_names(stocked, order)
    answers = report(stocked, parcel(good, "G", 1), make(found), update(good, "delivered"))
    assert [a.ok for a in answers] == [True, False, True]
    assert answers[1].where == where
    assert error in answers[1].error
    assert answers[1].remedy
    assert event_names(stocked, order) == before
    assert fulfillment_orders(stocked, other)[0]["lines"][0]["shipped"] == 1
    assert broken_invariants(stocked) == []


def test_over_shipment_is_counted_over_all_parcels_of_one_call(stocked: Database) -> None:
    order = ready(stocked)
    create(stocked, order)
    found = fulfillment_orders(stocked, order)[0]
    answers = report(
        stocked, parcel(found, "P1", 3), parcel(found, "P2", 3), parcel(found, "P1", 2)
    )
    assert [a.ok for a in answers] == [True, False, False]
    assert answers[1].error == "2 units of Accu Scale are left to ship, not 3"
    assert answers[2].error == "P1 is already recorded with other units"
    assert facts(stocked, order)["lines"][0]["shipped"] == 3


def history(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        update(found, "accepted", external_id="X1"),
        update(found, "picked"),
        parcel(found, "P1", 3),
        parcel(found, "P2", 2),
        update(found, "delivered"),
    ]


@pytest.mark.parametrize("start_inline", [True, False], ids=["in one call", "one by one"])
def test_every_order_of_five_updates_leads_to_the_same_end(
    stocked: Database, start_inline: bool
) -> None:
    ways = list(permutations(range(5)))
    numbers = [str(i) for i in range(len(ways))]
    stock(stocked, Accu_Scale__SEA=5 * len(ways))
    documents = [document(number, line(quantity=5)) for number in numbers]
    ids = [UUID(result.entity_id) for result in receive(stocked, *documents)]
    sourced(stocked, ids)
    create(stocked, *ids)
    founds = [fulfillment_orders(stocked, i)[0] for i in ids]

    for step in range(5):
        documents = [history(f)[way[step]] for f, way in zip(founds, ways, strict=True)]
        if not start_inline:
            assert all(a.ok for a in report(stocked, *documents))

    if start_inline:
        shuffled = [history(f)[i] for f, way in zip(founds, ways, strict=True) for i in way]
        assert all(a.ok for a in report(stocked, *shuffled))

    ends = {
        (f["state"], f["state_reason"], f["external_id"], f["lines"][0]["shipped"])
        for i in ids
        for f in fulfillment_orders(stocked, i)
    }
    assert {(e[0], e[1], e[3]) for e in ends} == {("delivered", "Delivered", 5)}
    assert {state_of(stocked, i) for i in ids} == {("fulfillment_in_process", "Delivered")}

    for order in ids:
        story = event_names(stocked, order)
        assert story.count("order.sent_to_fulfillment") == 1
        assert story.count("order.partially_shipped") == (0 if start_inline else 1)
        assert story.count("order.shipped") == 1
        assert story.count("order.delivered") == 1

    assert broken_invariants(stocked) == []


def test_a_decline_gives_stock_and_lines_back_to_be_sourced_again(stocked: Database) -> None:
    order = ready(stocked)
    create(stocked, order)
    found = fulfillment_orders(stocked, order)[0]
    send(stocked, found["id"])
    assert available(stocked, "Accu Scale", "SEA") == 95
    assert report(stocked, update(found, "declined", reason="damaged stock"))[0].ok
    assert available(stocked, "Accu Scale", "SEA") == 100
    assert state_of(stocked, order) == ("in_progress", "Fulfillment Declined")
    only = facts(stocked, order)["lines"][0]
    assert (only["state"], only["source"], only["in_fulfillment"]) == ("in_progress", None, 0)
    late = report(stocked, update(found, "accepted"), update(found, "declined"))
    assert [(a.ok, a.duplicate) for a in late] == [(True, True), (True, True)]
    sourced(stocked, [order])
    create(stocked, order)
    shipped = report(stocked, parcel(found, "P1", 1))[0]
    assert (shipped.ok, shipped.error) == (
        False,
        f"{found['number']} was declined before, and only 0 of 1 shipped units of Accu Scale"
        " are still open",
    )
    second = fulfillment_orders(stocked, order)[1]
    send(stocked, second["id"])
    assert report(stocked, parcel(second, "P1", 5))[0].ok
    assert state_of(stocked, order) == ("fulfillment_in_process", "Shipped")
    assert event_names(stocked, order).count("order.sent_to_fulfillment") == 2
    assert broken_invariants(stocked) == []


def test_a_declined_order_may_be_canceled(stocked: Database) -> None:
    order = ready(stocked)
    create(stocked, order)
    report(stocked, update(fulfillment_orders(stocked, order)[0], "declined"))
    with stocked.unit_of_work() as session:
        assert cancel_orders(session, [order], NOW, "ann")[0].ok
    assert state_of(stocked, order)[0] == "canceled"
    assert broken_invariants(stocked) == []


def test_a_cancellation_after_a_parcel_closes_the_rest(stocked: Database) -> None:
    order = ready(stocked, line(quantity=5))
    create(stocked, order)
    found = fulfillment_orders(stocked, order)[0]
    report(stocked, parcel(found, "P1", 2))
    assert report(stocked, update(found, "canceled", reason="rest is broken"))[0].ok
    assert fulfillment_orders(stocked, order)[0]["state"] == "closed"
    only = facts(stocked, order)["lines"][0]
    assert (only["shipped"], only["in_fulfillment"], only["state"]) == (2, 0, "in_progress")
    assert available(stocked, "Accu Scale", "SEA") == 98
    assert state_of(stocked, order) == ("fulfillment_in_process", "Partially Declined")

    with stocked.unit_of_work() as session:
        assert cancel_lines(session, [LineCancellation(UUID(only["id"]))], NOW, "ann")[0].ok
        assert confirm_billing(session, [order], NOW, "erp")[0].ok

    assert state_of(stocked, order) == ("completed", "Fulfilled")
    assert event_names(stocked, order).count("order.shipped") == 1
    assert broken_invariants(stocked) == []


def test_parcels_may_be_said_to_have_arrived_one_by_one(stocked: Database) -> None:
    order = ready(stocked, line(quantity=2))
    create(stocked, order)
    found = fulfillment_orders(stocked, order)[0]
    report(stocked, parcel(found, "P1", 1), parcel(found, "P1", 1, kind="delivered"))
    assert fulfillment_orders(stocked, order)[0]["state"] == "partially_shipped"
    report(stocked, parcel(found, "P2", 1, kind="delivered"))
    assert fulfillment_orders(stocked, order)[0]["state"] == "delivered"
    assert state_of(stocked, order) == ("fulfillment_in_process", "Delivered")


def test_units_leave_in_parcels_only(stocked: Database) -> None:
    order = ready(stocked)
    create(stocked, order)
    found = fulfillment_orders(stocked, order)[0]
    outcome = send(stocked, found["id"], event="fulfillment_order.shipped")[0]
    assert (outcome.ok, outcome.reason) == (
        False,
        "units ship in parcels; report the shipment with its items",
    )
    assert [o.ok for o in send(stocked, str(new_id()))] == [False]


def test_a_thousand_orders_in_one_call(stocked: Database) -> None:
    stock(stocked, Accu_Scale__SEA=5_000)
    answers = receive(stocked, *(document(str(i), line(quantity=2)) for i in range(1_000)))
    ids = [UUID(a.entity_id) for a in answers]
    sourced(stocked, ids)
    assert all(o.ok for o in create(stocked, *ids))

    with stocked.reading() as session:
        fos = [
            row[0]
            for row in fetch(session, "SELECT id FROM fulfillment.fulfillment_order ORDER BY id")
        ]
        found = list(FACTS["fulfillment_order"](session, fos).values())

    assert len(found) == 1_000
    sent = send(stocked, *[f["id"] for f in found])
    assert all(outcome.ok for outcome in sent)
    documents = [parcel(f, "P", 2) for f in found]
    documents[500]["shipment"]["items"][0]["quantity"] = 3
    assert [i for i, a in enumerate(report(stocked, *documents)) if not a.ok] == [500]

    with stocked.reading() as session:
        states = fetch(
            session,
            "SELECT state, count(*) FROM fulfillment.fulfillment_order GROUP BY 1 ORDER BY 1",
        )

    assert states == [("sent", 1), ("shipped", 999)]
    assert broken_invariants(stocked) == []


def test_the_table_has_every_state_in_order() -> None:
    names = [s.name for s in FULFILLMENT_ORDER_TABLE.timeline()]
    assert names == [
        "new",
        "sent",
        "accepted",
        "picked",
        "packed",
        "partially_shipped",
        "shipped",
        "delivered",
        "declined",
        "canceled",
        "closed",
    ]
    assert advance(FULFILLMENT_ORDER_TABLE, event="fulfillment_order.packed", state="new") == (
        "packed",
        "Packed",
    )
    assert [a.name for a in ACTIONS] == [
        "fulfillment.create_fulfillment_orders",
        "fulfillment.recall",
        "fulfillment.recall_order",
        "fulfillment.refuse_recall",
    ]
