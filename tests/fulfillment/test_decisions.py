"""Pure decisions about updates of fulfillers: every kind in every state, and their effects."""

from itertools import permutations
from uuid import UUID

import pytest
from tests.fulfillment.decision_builders import (
    LAMP,
    LAMP_LINE,
    SCALE,
    SCALE_LINE,
    effect_of,
    fulfillment_order,
    parcel,
    problem_of,
    update,
)

from openiom.documents import FulfillmentUpdateDocument
from openiom.fulfillment.decisions import (
    ParcelState,
    UpdateEffect,
    advance_to,
    apply_update,
    record_send_failure,
)
from openiom.fulfillment.progress import ENDED, PROGRESS, event_of
from openiom.fulfillment.states import FULFILLMENT_ORDER_TABLE, ORDER_EVENTS
from openiom.kernel import Problem
from openiom.state_framework import LineStatus, advance, header_events

STEPS = ("accepted", "picked", "packed")


@pytest.mark.parametrize("kind", STEPS)
@pytest.mark.parametrize("state", [*PROGRESS, *sorted(ENDED)])
def test_a_step_moves_forward_only(state: str, kind: str) -> None:
    order = fulfillment_order(state)
    effect = effect_of(order, kind)
    ahead = state in PROGRESS and PROGRESS.index(kind) > PROGRESS.index(state)
    assert effect.events == ([event_of(kind)] if ahead else [])
    assert order.state == (kind if ahead else state)
    assert effect.is_change is ahead


def test_sending_moves_a_new_order() -> None:
    order = fulfillment_order()
    effect = advance_to(order, "sent")
    assert (order.state, order.state_reason, order.sent) == ("sent", "Sent To Fulfillment", True)
    assert (effect.events, effect.noted) == (["fulfillment_order.sent"], True)


def test_a_sending_that_was_overtaken_is_published_and_moves_nothing() -> None:
    order = fulfillment_order("picked")
    effect = advance_to(order, "sent")
    assert (order.state, order.sent) == ("picked", True)
    assert (effect.events, effect.noted) == (["fulfillment_order.sent"], True)


def test_a_sending_is_published_once() -> None:
    order = fulfillment_order("sent", sent=True)
    effect = advance_to(order, "sent")
    assert not effect.is_change
    assert effect == UpdateEffect()


@pytest.mark.parametrize("state", sorted(ENDED))
def test_a_sending_after_the_end_is_noted_only(state: str) -> None:
    order = fulfillment_order(state)
    effect = advance_to(order, "sent")
    assert (effect.events, effect.noted, order.sent, order.state) == ([], True, True, state)


def test_a_failed_sending_counts_only_for_a_new_order() -> None:
    order = fulfillment_order()
    assert record_send_failure(order).events == ["fulfillment_order.send_failed"]
    assert (order.state, order.state_reason) == ("new", "Send Failed")
    accepted = fulfillment_order("accepted")
    assert record_send_failure(accepted) == UpdateEffect()
    assert accepted.state == "accepted"


@pytest.mark.parametrize(("kind", "reason"), [("declined", "Declined"), ("canceled", "Canceled")])
@pytest.mark.parametrize("state", ["new", "sent", "accepted", "picked", "packed"])
def test_ending_before_shipping_returns_every_unit(state: str, kind: str, reason: str) -> None:
    order = fulfillment_order(state)
    effect = effect_of(order, kind)
    assert effect.returned == {SCALE_LINE: 5, LAMP_LINE: 2}
    assert effect.events == [event_of(kind)]
    assert (order.state, order.state_reason) == (kind, reason)


def test_canceling_after_a_parcel_closes_the_rest() -> None:
    order = fulfillment_order("partially_shipped", shipped=3)
    effect = effect_of(order, "canceled")
    assert effect.returned == {SCALE_LINE: 2, LAMP_LINE: 2}
    assert effect.events == ["fulfillment_order.closed"]
    assert (order.state, order.state_reason) == ("closed", "Rest Canceled")


def test_a_line_that_has_shipped_returns_nothing() -> None:
    order = fulfillment_order("partially_shipped", shipped=5)
    assert effect_of(order, "canceled").returned == {LAMP_LINE: 2}


def test_declining_after_a_parcel_closes_the_rest() -> None:
    order = fulfillment_order("partially_shipped", shipped=3)
    effect = effect_of(order, "declined")
    assert effect.returned == {SCALE_LINE: 2, LAMP_LINE: 2}
    assert effect.events == ["fulfillment_order.closed"]
    assert (order.state, order.state_reason) == ("closed", "Rest Canceled")


@pytest.mark.parametrize("state", ["shipped", "delivered"])
def test_a_wholly_shipped_order_cannot_be_canceled(state: str) -> None:
    order = fulfillment_order(state, shipped=5)
    order.lines[LAMP].shipped = 2
    assert problem_of(order, "canceled").what == (
        "FO-1 cannot be canceled: all of its units have shipped"
    )


@pytest.mark.parametrize("kind", ["declined", "canceled"])
@pytest.mark.parametrize("state", sorted(ENDED))
def test_ending_an_ended_order_changes_nothing(state: str, kind: str) -> None:
    order = fulfillment_order(state, shipped=3)
    assert effect_of(order, kind) == UpdateEffect()
    assert order.state == state


def test_a_parcel_ships_its_units() -> None:
    order = fulfillment_order("packed")
    effect = effect_of(order, "shipped", parcel("P1", (SCALE, 3), (LAMP, 1)))
    assert effect.parcel == {SCALE: 3, LAMP: 1}
    assert effect.events == ["fulfillment_order.partially_shipped"]
    assert [line.shipped for line in order.lines.values()] == [3, 1]
    assert [line.unshipped for line in order.lines.values()] == [2, 1]
    assert order.parcels["P1"] == ParcelState({SCALE: 3, LAMP: 1})
    assert (order.state, order.shipped_units, order.is_wholly_shipped) == (
        "partially_shipped",
        4,
        False,
    )


def test_the_last_parcel_ships_the_order() -> None:
    order = fulfillment_order("partially_shipped", shipped=5)
    effect = effect_of(order, "shipped", parcel("P1", (LAMP, 2)))
    assert effect.events == ["fulfillment_order.shipped"]
    assert (order.state, order.is_wholly_shipped) == ("shipped", True)


def test_items_of_one_line_are_added_up() -> None:
    order = fulfillment_order()
    effect = effect_of(order, "shipped", parcel("P1", (SCALE, 2), (SCALE, 3)))
    assert effect.parcel == {SCALE: 5}


def test_a_parcel_is_recorded_once() -> None:
    order = fulfillment_order("partially_shipped", shipped=3)
    effect = effect_of(order, "shipped", parcel("P0", (SCALE, 3)))
    assert not effect.is_change
    assert order.lines[SCALE].shipped == 3


def test_a_known_parcel_with_other_units_is_a_problem() -> None:
    order = fulfillment_order("partially_shipped", shipped=3)
    problem = problem_of(order, "shipped", parcel("P0", (SCALE, 2)))
    assert problem.where == "shipment.external_id"
    assert problem.what == "P0 is already recorded with other units"
    assert problem.remedy == "give the new parcel an id of its own"


def test_a_known_parcel_of_an_ended_order_is_a_repetition() -> None:
    order = fulfillment_order("closed", shipped=3)
    assert not effect_of(order, "shipped", parcel("P0", (SCALE, 3))).is_change


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_ended_order_ships_only_what_is_still_open(state: str) -> None:
    problem = problem_of(fulfillment_order(state), "shipped", parcel("P1", (SCALE, 1)))
    assert problem.what == (
        f"FO-1 was {state} before, and only 0 of 1 shipped units of SCALE are still open"
    )


def test_a_parcel_with_too_many_units_names_its_item_and_changes_nothing() -> None:
    order = fulfillment_order("partially_shipped", shipped=3)
    problem = problem_of(order, "shipped", parcel("P1", (LAMP, 1), (SCALE, 3)))
    assert problem.where == "shipment.items[1].quantity"
    assert problem.what == "2 units of SCALE are left to ship, not 3"
    assert problem.remedy == "correct the parcel at its sender, then replay"
    assert [line.shipped for line in order.lines.values()] == [3, 0]
    assert set(order.parcels) == {"P0"}


@pytest.mark.parametrize("line", ["x", str(UUID(int=99))])
def test_a_parcel_with_an_unknown_line_names_its_item(line: str) -> None:
    problem = problem_of(fulfillment_order(), "shipped", parcel("P1", (SCALE, 1), (line, 1)))
    assert problem.where == "shipment.items[1].line"
    assert problem.what == f"{line} is not a line of FO-1"
    assert problem.remedy == "name lines by the reference that was sent"


def test_shipping_without_a_parcel_is_a_problem() -> None:
    problem = problem_of(fulfillment_order("packed"), "shipped")
    assert problem.where == "shipment"
    assert problem.what == "is missing, so it is unknown which units were shipped"
    assert problem.remedy == "send the parcel with its items"


@pytest.mark.parametrize("state", ["declined", "canceled"])
def test_a_delivery_of_an_order_that_was_not_fulfilled_is_noted_only(state: str) -> None:
    order = fulfillment_order(state)
    effect = effect_of(order, "delivered")
    assert (effect.noted, effect.events, order.state) == (True, [], state)


def test_a_closed_order_may_be_delivered_and_stays_closed() -> None:
    order = fulfillment_order("closed", shipped=3)
    effect = effect_of(order, "delivered")
    assert (effect.noted, effect.events, order.state) == (True, [], "closed")


def test_a_delivery_before_the_parcels_is_noted_and_completes_with_them() -> None:
    order = fulfillment_order("packed")
    early = effect_of(order, "delivered")
    assert (early.noted, early.events, order.delivered) == (True, [], True)
    assert not effect_of(order, "delivered").is_change
    effect = effect_of(order, "shipped", parcel("P1", (SCALE, 5), (LAMP, 2)))
    assert effect.events == ["fulfillment_order.shipped", "fulfillment_order.delivered"]
    assert order.state == "delivered"


def test_an_order_is_delivered_when_its_last_parcel_arrives() -> None:
    order = fulfillment_order("packed")
    effect_of(order, "shipped", parcel("P1", (SCALE, 5)))
    first = effect_of(order, "delivered", parcel("P1", (SCALE, 5)))
    assert (first.delivered_parcel, first.events, first.parcel) == ("P1", [], None)
    last = effect_of(order, "delivered", parcel("P2", (LAMP, 2)))
    assert last.delivered_parcel == "P2"
    assert last.parcel == {LAMP: 2}
    assert last.events == ["fulfillment_order.shipped", "fulfillment_order.delivered"]


def test_a_shipped_order_waits_for_every_parcel() -> None:
    order = fulfillment_order("partially_shipped", shipped=5)
    effect = effect_of(order, "delivered", parcel("P1", (LAMP, 2)))
    assert effect.events == ["fulfillment_order.shipped"]
    assert order.state == "shipped", "P0 has not arrived"
    assert effect_of(order, "delivered", parcel("P0", (SCALE, 5))).events == [
        "fulfillment_order.delivered"
    ]


def test_an_arrived_parcel_is_noted_once() -> None:
    order = fulfillment_order("partially_shipped", shipped=3)
    assert effect_of(order, "delivered", parcel("P0", (SCALE, 3))).delivered_parcel == "P0"
    assert not effect_of(order, "delivered", parcel("P0", (SCALE, 3))).is_change


@pytest.mark.parametrize(
    ("effect", "is_change"),
    [
        (UpdateEffect(), False),
        (UpdateEffect(returned={SCALE_LINE: 1}), False),
        (UpdateEffect(events=["fulfillment_order.picked"]), True),
        (UpdateEffect(parcel={SCALE: 1}), True),
        (UpdateEffect(delivered_parcel="P1"), True),
        (UpdateEffect(noted=True), True),
    ],
)
def test_an_effect_without_news_is_a_repetition(effect: UpdateEffect, is_change: bool) -> None:
    assert effect.is_change is is_change


def test_updates_lead_to_the_same_state_in_whatever_order_they_arrive() -> None:
    updates = [
        update("accepted"),
        update("packed"),
        update("shipped", parcel("P1", (SCALE, 5))),
        update("shipped", parcel("P2", (LAMP, 2))),
        update("delivered"),
    ]
    ends: set[tuple[str, str, bool, int]] = set()
    for way in permutations(updates):
        order = fulfillment_order()
        for one in way:
            assert isinstance(apply_update(order, one), UpdateEffect)

        ends.add((order.state, order.state_reason, order.delivered, order.shipped_units))

    assert ends == {("delivered", "Delivered", True, 7)}


SHIPPED_UNITS = {"partially_shipped": 1, "closed": 1, "shipped": 5, "delivered": 5}


def every_update() -> list[FulfillmentUpdateDocument]:
    parcels = [parcel("P1", (SCALE, 1)), parcel("P2", (SCALE, 5), (LAMP, 2))]
    updates = [update(kind) for kind in (*STEPS, "declined", "canceled", "delivered")]
    for kind in ("shipped", "delivered"):
        updates += [update(kind, one) for one in parcels]
    return updates


@pytest.mark.parametrize("state", [*PROGRESS, *sorted(ENDED)])
def test_every_move_is_one_that_the_state_table_allows(state: str) -> None:
    for one in every_update():
        order = fulfillment_order(state, shipped=SHIPPED_UNITS.get(state, 0))
        order.open_steps |= {SCALE_LINE: 5, LAMP_LINE: 2}
        if state in ("shipped", "delivered"):
            order.lines[LAMP].shipped = 2

        effect = apply_update(order, one)
        if isinstance(effect, Problem):
            assert order.state == state
            continue

        reached, reason = state, ""
        for event in effect.events:
            target = advance(FULFILLMENT_ORDER_TABLE, event=event, state=reached)
            assert target is not None
            reached, reason = target

        assert (order.state, order.state_reason) == (reached, reason)


def test_every_state_but_the_first_is_reached_by_its_event() -> None:
    reached = {row.event: row.to.state for row in FULFILLMENT_ORDER_TABLE.transitions}
    for state in (*PROGRESS[1:], *ENDED):
        assert reached[event_of(state)] == state
    assert event_of("picked") == "fulfillment_order.picked"


def test_ended_orders_are_read_only_and_a_late_parcel_may_move_them() -> None:
    read_only = {state.name for state in FULFILLMENT_ORDER_TABLE.states if state.read_only}
    assert read_only == set(ENDED)
    for state in ENDED:
        late = advance(FULFILLMENT_ORDER_TABLE, event="fulfillment_order.shipped", state=state)
        assert late == ("shipped", "Shipped")
    positions = [state.timeline_position for state in FULFILLMENT_ORDER_TABLE.timeline()]
    assert positions == [10 * n for n in range(1, 12)]


@pytest.mark.parametrize(
    ("before", "after", "events"),
    [
        (["new", "new"], ["sent", "new"], []),
        (["sent", "new"], ["sent", "sent"], ["order.sent_to_fulfillment"]),
        (["new"], ["picked"], ["order.sent_to_fulfillment", "order.picked"]),
        (["picked", "new"], ["picked", "declined"], ["order.sent_to_fulfillment", "order.picked"]),
        (["sent", "sent"], ["picked", "sent"], []),
        (["shipped"], ["delivered"], ["order.delivered"]),
        (["delivered", "shipped"], ["delivered", "shipped"], []),
        (["shipped", "closed"], ["delivered", "closed"], []),
    ],
)
def test_an_order_follows_when_all_its_fulfillment_orders_have_reached_a_state(
    before: list[str], after: list[str], events: list[str]
) -> None:
    found = header_events(
        ORDER_EVENTS,
        before=[LineStatus(state, "") for state in before],
        after=[LineStatus(state, "") for state in after],
    )
    assert list(found) == events
