"""Returns from their declaration to the refund."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from tests.orders.builders import event_names
from tests.returns.builders import (
    NOW,
    broken_invariants,
    delivered,
    detail,
    facts,
    inspect,
    line,
    line_ids,
    measure,
    new_return,
    receive,
    refunds,
    request,
    returned,
    shop,
)

from openiom.platform.bulk import execute
from openiom.platform.database import Database
from openiom.returns import (
    approve_returns,
    cancel_returns,
    close_returns,
    create_blind_returns,
    create_returns,
    expire_returns,
    match_returns,
    record_parcel,
    record_payments,
)
from openiom.returns.queries import returns_of_order
from openiom.returns.returnable import returnable_order
from openiom.returns.schemas import BlindReturn, MatchLine, NewParcel, NewReturn


def order_line(database: Database, order: UUID) -> tuple[int, int]:
    """What came back, and what is expected back, of the first line."""
    with database.reading() as session:
        (first, *_) = returnable_order(session, order, NOW).lines
    return int(first.returned), int(first.in_return)


def test_a_return_goes_from_its_request_to_the_refund(database: Database) -> None:
    shop(database)
    order = delivered(database, line(quantity=5))
    [sold] = line_ids(database, order)
    before = measure(database, "Accu Scale", "onhand")

    one = returned(database, new_return(order, (sold, 2)))

    assert (one.state, one.order_number, one.units) == ("approved", "1001", 2)
    assert order_line(database, order) == (0, 2)
    [returning] = one.lines
    assert receive(database, (returning.id, 1))[0].ok
    assert detail(database, one.id).state == "partially_received"
    assert receive(database, (returning.id, 1))[0].ok
    assert detail(database, one.id).state == "received"
    assert order_line(database, order) == (2, 0)
    assert refunds(database, order) == []

    assert inspect(database, (returning.id, 2))[0].ok
    found = detail(database, one.id)
    assert (found.state, found.refund_amount, found.refund_state) == ("inspected", "20.00", "due")
    assert measure(database, "Accu Scale", "onhand") - before == 2

    with database.unit_of_work() as session:
        assert close_returns(session, [one.id], NOW, "ann")[0].ok
        paid = [found.amounts[0].id]
        assert record_payments(session, paid, NOW, "ann", state="completed", reference="R1")[0].ok
        again = record_payments(session, paid, NOW, "ann", state="completed")[0]
        assert (again.ok, again.reason) == (False, "it was paid already")

    assert detail(database, one.id).refund_state == "completed"
    story = [name for name in event_names(database, order) if name.startswith("return_")]
    assert story == [
        "return_order.requested",
        "return_order.approved",
        "return_line.received",
        "return_order.partially_received",
        "return_line.received",
        "return_order.received",
        "return_line.inspected",
        "return_order.inspected",
        "return_order.refund_due",
        "return_order.closed",
        "return_order.refunded",
    ]
    assert broken_invariants(database) == []


def test_partial_returns_add_up_to_the_price_paid(database: Database) -> None:
    shop(database)
    thirds = line(quantity=3, unit_price="10.00", discount="0.01")
    order = delivered(database, thirds | {"tax": "0.00"})
    [sold] = line_ids(database, order)

    for _ in range(3):
        one = returned(database, new_return(order, (sold, 1)))
        receive(database, (one.lines[0].id, 1))
        inspect(database, (one.lines[0].id, 1))

    amounts = refunds(database, order)
    assert len(amounts) == 3
    assert sum(map(Decimal, amounts)) == Decimal("29.99")
    refused = request(database, new_return(order, (sold, 1)))[0]
    assert (refused.ok, refused.reason) == (
        False,
        "0 ea of Accu Scale can be returned, not 1 (3 shipped, 3 returned)",
    )
    assert broken_invariants(database) == []


def test_more_than_is_expected_is_not_received(database: Database) -> None:
    shop(database)
    order = delivered(database)
    [sold] = line_ids(database, order)
    one = returned(database, new_return(order, (sold, 2)))
    refused = receive(database, (one.lines[0].id, 3))[0]
    assert refused.reason == f"2 ea of Accu Scale are expected with {one.number}, 3 arrived"
    assert not inspect(database, (one.lines[0].id, 1))[0].ok
    assert detail(database, one.id).state == "approved"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [("refurbish", "refurbishment"), ("scrap", "scrapped"), ("vendor", "vendorreturn")],
)
def test_units_that_are_not_restocked_are_not_on_hand(
    database: Database, disposition: str, name: str
) -> None:
    shop(database)
    order = delivered(database)
    [sold] = line_ids(database, order)
    on_hand = measure(database, "Accu Scale", "onhand")
    one = returned(database, new_return(order, (sold, 2)))
    receive(database, (one.lines[0].id, 2))
    assert inspect(database, (one.lines[0].id, 2), disposition=disposition)[0].ok
    assert measure(database, "Accu Scale", name) == 2
    assert measure(database, "Accu Scale", "onhand") == on_hand
    assert broken_invariants(database) == []


def test_rejected_units_are_neither_refunded_nor_posted(database: Database) -> None:
    shop(database)
    order = delivered(database)
    [sold] = line_ids(database, order)
    on_hand = measure(database, "Accu Scale", "onhand")
    one = returned(database, new_return(order, (sold, 2)))
    receive(database, (one.lines[0].id, 2))
    inspect(database, (one.lines[0].id, 1), disposition="reject")
    inspect(database, (one.lines[0].id, 1))
    assert refunds(database, order) == ["10.00"]
    assert measure(database, "Accu Scale", "onhand") == on_hand + 1


def test_the_window_closes_and_an_order_manager_overrides_it(database: Database) -> None:
    shop(database)
    order = delivered(database)
    [sold] = line_ids(database, order)
    late = NOW + timedelta(days=60)
    (refused,) = request(database, new_return(order, (sold, 1)), now=late)
    assert refused.reason == "Accu Scale: the return window ended on 2026-12-20"
    (allowed,) = request(database, new_return(order, (sold, 1), override=True), now=late)
    assert allowed.ok


def test_fees_of_the_policy_are_kept_unless_the_seller_is_at_fault(database: Database) -> None:
    rule = {"title": "15 %", "restocking_fee_percent": "15", "label_fee": "3"}
    shop(database, {"rules": [rule]})
    order = delivered(database)
    [sold] = line_ids(database, order)
    one = returned(database, new_return(order, (sold, 2)))
    receive(database, (one.lines[0].id, 2), condition="new", disposition="restock")
    broken = returned(database, new_return(order, (sold, 1), reason="defective"))
    receive(database, (broken.lines[0].id, 1), condition="damaged", disposition="scrap")
    assert refunds(database, order) == ["14.00", "10.00"]


def test_a_return_that_needs_approval_waits_and_a_canceled_one_frees_its_units(
    database: Database,
) -> None:
    shop(database, {"rules": [{"title": "by hand", "auto_approve": False}]})
    order = delivered(database)
    [sold] = line_ids(database, order)
    one = returned(database, new_return(order, (sold, 5)))
    assert one.state == "requested"
    refused = receive(database, (one.lines[0].id, 1))[0]
    assert "requested" in refused.reason
    with database.unit_of_work() as session:
        assert approve_returns(session, [one.id], NOW, "ann")[0].ok
        assert not approve_returns(session, [one.id], NOW, "ann")[0].ok
        assert cancel_returns(session, [one.id], NOW, "ann")[0].ok
    assert order_line(database, order) == (0, 0)
    assert broken_invariants(database) == []


def withdraw(database: Database, order: UUID, now: datetime) -> tuple[bool, str]:
    sold = [(i, 5) for i in line_ids(database, order)]
    result = request(database, new_return(order, *sold, withdrawal=True), now=now)[0]
    return result.ok, result.reason


def german(database: Database, order: UUID) -> None:
    with database.unit_of_work() as session:
        execute(
            session,
            'UPDATE orders.order SET ship_to = ship_to || \'{"country": "DE"}\','
            " shipping_amount = 4, total_amount = total_amount + 4 WHERE id = %s",
            (order,),
        )


def test_a_withdrawal_is_refunded_with_shipping_on_the_proof_of_sending(
    database: Database,
) -> None:
    shop(database, {"rules": [{"title": "final", "returnable": False}]})
    order = delivered(database)
    assert withdraw(database, order, NOW) == (
        False,
        "Accu Scale: the right of withdrawal does not apply to this order",
    )
    german(database, order)
    too_late = NOW.replace(month=12, day=6)
    assert not withdraw(database, order, too_late)[0]
    assert withdraw(database, order, NOW)[0]

    with database.reading() as session:
        (one,) = returns_of_order(session, order)
    assert (one.state, str(one.refund_due_on)) == ("approved", "2026-12-09")
    assert refunds(database, order) == []
    sent = NewParcel(carrier="DHL", tracking_number="JJD1", sent_at=NOW)
    with database.unit_of_work() as session:
        assert record_parcel(session, [one.id], sent, NOW, "ann")[0].ok

    assert refunds(database, order) == ["54.00"]
    receive(database, (one.lines[0].id, 5), condition="new", disposition="restock")
    assert refunds(database, order) == ["54.00"]
    assert broken_invariants(database) == []


def test_goods_that_do_not_come_back_end_the_return(database: Database) -> None:
    shop(database)
    order = delivered(database)
    [sold] = line_ids(database, order)
    one = returned(database, new_return(order, (sold, 2)))
    day = NOW.date() + timedelta(days=22)
    with database.unit_of_work() as session:
        assert expire_returns(session, day, NOW, "system") == 1
        assert expire_returns(session, day, NOW, "system") == 0
    found = detail(database, one.id)
    assert (found.state, found.state_reason) == ("canceled", "Not Sent Back In Time")
    assert order_line(database, order) == (0, 0)


def exchange(order: UUID, sold: str, quantity: int, price: str | None) -> NewReturn:
    item = {
        "order_line_id": sold,
        "quantity": quantity,
        "reason": "wrong_size",
        "exchange_for": {"product": "Lamp", "unit_price": price},
    }
    return NewReturn.model_validate({"order_id": order, "outcome": "exchange", "lines": [item]})


def test_an_exchange_places_an_order_and_states_the_difference(database: Database) -> None:
    shop(database)
    order = delivered(database)
    [sold] = line_ids(database, order)
    one = returned(database, exchange(order, sold, 2, "12.50"))
    assert one.replacement_order_id is None
    receive(database, (one.lines[0].id, 2), condition="new", disposition="restock")

    found = detail(database, one.id)
    assert found.replacement_order_number == f"{one.number}-E"
    assert found.replacement_order_id is not None
    placed = facts(database, found.replacement_order_id)
    assert (placed["total_amount"], placed["origin"]) == ("25.00", "exchange")
    assert [(a.kind, a.amount) for a in found.amounts] == [("credit", "20.00"), ("charge", "5.00")]
    assert refunds(database, order) == []
    assert broken_invariants(database) == []


def test_an_advanced_replacement_is_charged_when_the_goods_do_not_come(
    database: Database,
) -> None:
    shop(database)
    order = delivered(database)
    [sold] = line_ids(database, order)
    wanted = new_return(
        order, (sold, 2), reason="defective", outcome="replacement", timing="advanced"
    )
    one = returned(database, wanted)
    assert one.replacement_order_number == f"{one.number}-R"
    assert [(a.kind, a.amount) for a in one.amounts] == [("credit", "20.00")]
    receive(database, (one.lines[0].id, 1), condition="damaged", disposition="scrap")
    with database.unit_of_work() as session:
        assert expire_returns(session, NOW.date() + timedelta(days=30), NOW, "system") == 1

    found = detail(database, one.id)
    assert [(a.kind, a.amount) for a in found.amounts] == [("credit", "20.00"), ("charge", "10.00")]
    assert (found.state, order_line(database, order)) == ("closed", (1, 0))
    assert broken_invariants(database) == []


def test_a_blind_return_is_matched_and_then_refunded(database: Database) -> None:
    shop(database)
    order = delivered(database)
    [sold] = line_ids(database, order)
    blind = BlindReturn.model_validate(
        {"place": "SEA", "lines": [{"product": "Accu Scale", "quantity": 2}]}
    )
    with database.unit_of_work() as session:
        (result,) = create_blind_returns(session, [blind], NOW, "ann")
    assert result.ok, result
    assert result.id
    one = detail(database, result.id)
    assert (one.state, one.state_reason, one.order_id) == (
        "received",
        "Received Without Order",
        None,
    )
    inspect(database, (one.lines[0].id, 2))
    pair = MatchLine(id=one.lines[0].id, order_line_id=UUID(sold))
    with database.unit_of_work() as session:
        assert match_returns(session, [pair], NOW, "ann")[0].ok
        assert not match_returns(session, [pair], NOW, "ann")[0].ok

    assert refunds(database, order) == ["20.00"]
    assert order_line(database, order) == (2, 0)
    assert broken_invariants(database) == []


def test_one_parcel_has_returns_of_several_orders(database: Database) -> None:
    shop(database)
    first, second = delivered(database), delivered(database, external_id="1002")
    requests = [new_return(i, (line_ids(database, i)[0], 1)) for i in (first, second)]
    label = NewParcel(carrier="UPS", tracking_number="1Z9")
    with database.unit_of_work() as session:
        results = create_returns(session, requests, NOW, "ann", parcel=label)
    found = [detail(database, result.id) for result in results if result.id]
    assert [one.parcels[0].also_in_it for one in found] == [[found[1].number], [found[0].number]]
    assert [one.state_reason for one in found] == ["Label Created", "Label Created"]


@pytest.mark.parametrize(
    ("reason", "withdrawal", "refusal"),
    [
        ("", False, "the reason is missing"),
        ("x", False, "there is no reason x"),
        ("x", True, "there is no reason x"),
        ("", True, ""),
    ],
)
def test_only_a_withdrawal_needs_no_reason(
    database: Database, reason: str, withdrawal: bool, refusal: str
) -> None:
    shop(database, {"withdrawal": {"countries": ["US"], "days": 365}})
    order = delivered(database)
    [sold] = line_ids(database, order)

    wanted = new_return(order, (sold, 1), withdrawal=withdrawal, reason=reason)
    [result] = request(database, wanted)

    assert (result.ok, result.reason) == (not refusal, refusal)
