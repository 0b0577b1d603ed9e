"""Pure decisions about the end of a fulfillment order: late and final parcels, and recalls."""

from itertools import permutations
from typing import Any
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
)

from openiom.fulfillment.decisions import (
    FulfillmentOrderState,
    UpdateEffect,
    accept_recall,
    advance_to,
    refuse_recall,
    request_recall,
    withdraw_recall,
)
from openiom.fulfillment.progress import ENDED
from openiom.kernel import Problem


@pytest.mark.parametrize("kind", ["declined", "canceled"])
def test_a_parcel_after_the_end_takes_back_what_is_still_open(kind: str) -> None:
    order = fulfillment_order("sent")
    effect_of(order, kind)
    effect = effect_of(order, "shipped", parcel("P1", (SCALE, 2)))
    assert (effect.parcel, effect.reclaimed) == ({SCALE: 2}, {SCALE_LINE: 2})
    assert effect.events == ["fulfillment_order.closed"]
    assert (order.state, order.open_steps) == ("closed", {SCALE_LINE: 3, LAMP_LINE: 2})
    rest = effect_of(order, "shipped", parcel("P2", (SCALE, 3), (LAMP, 2)))
    assert (rest.events, order.state) == (["fulfillment_order.shipped"], "shipped")


def test_a_parcel_of_units_that_another_source_has_now_is_a_problem() -> None:
    order = fulfillment_order("sent")
    effect_of(order, "canceled")
    order.open_steps[SCALE_LINE] = 1
    problem = problem_of(order, "shipped", parcel("P1", (LAMP, 1), (SCALE, 2)))
    assert problem.where == "shipment.items[1].quantity"
    assert problem.what == (
        "FO-1 was canceled before, and only 1 of 2 shipped units of SCALE are still open"
    )
    assert problem.remedy == "recall the fulfillment order that has them now, then replay"
    assert (order.state, order.lines[LAMP].shipped) == ("canceled", 0)


def final(external_id: str, *items: tuple[UUID | str, int]) -> dict[str, Any]:
    return {**parcel(external_id, *items), "final": True}


def test_a_final_parcel_returns_what_it_leaves_out() -> None:
    order = fulfillment_order("accepted")
    effect = effect_of(order, "shipped", final("P1", (SCALE, 3), (LAMP, 2)))
    assert effect.returned == {SCALE_LINE: 2}
    assert effect.events == ["fulfillment_order.partially_shipped", "fulfillment_order.closed"]
    assert (order.state, order.state_reason) == ("closed", "Shipped Short")


def test_a_final_parcel_of_everything_ships_the_order() -> None:
    order = fulfillment_order("accepted")
    effect = effect_of(order, "shipped", final("P1", (SCALE, 5), (LAMP, 2)))
    assert (effect.events, effect.returned) == (["fulfillment_order.shipped"], {})


def test_a_final_parcel_before_another_one_ends_nothing_yet() -> None:
    order = fulfillment_order("accepted")
    early = effect_of(order, "shipped", {**final("P2", (SCALE, 1)), "parcels": 2})
    assert (early.returned, order.state) == ({}, "partially_shipped")
    effect = effect_of(order, "shipped", parcel("P1", (SCALE, 3), (LAMP, 2)))
    assert effect.returned == {SCALE_LINE: 1}
    assert (order.state, order.state_reason) == ("closed", "Shipped Short")


def test_all_parcels_of_a_whole_order_ship_it_in_any_order() -> None:
    for first, second in ((0, 1), (1, 0)):
        order = fulfillment_order("accepted")
        parcels = [
            parcel("P1", (SCALE, 4), (LAMP, 2)),
            {**final("P2", (SCALE, 1)), "parcels": 2},
        ]
        effects = [effect_of(order, "shipped", parcels[index]) for index in (first, second)]
        assert [effect.returned for effect in effects] == [{}, {}]
        assert order.state == "shipped"


FACTS_OF_A_SHORT_ORDER = [
    ("accepted", None),
    ("shipped", parcel("P1", (SCALE, 2))),
    ("shipped", final("P2", (SCALE, 1), (LAMP, 1))),
    ("canceled", None),
    ("delivered", None),
]


@pytest.mark.parametrize("order_of_arrival", list(permutations(range(5))))
def test_parcels_and_the_end_of_the_rest_lead_to_the_same_state(
    order_of_arrival: tuple[int, ...],
) -> None:
    order = fulfillment_order("sent")
    for index in order_of_arrival:
        effect_of(order, *FACTS_OF_A_SHORT_ORDER[index])

    assert [line.shipped for line in order.lines.values()] == [3, 1]
    assert (order.state, order.state_reason, order.delivered) == ("closed", "Shipped Short", True)
    assert order.open_steps == {SCALE_LINE: 2, LAMP_LINE: 1}


def test_an_unsent_order_is_recalled_at_once() -> None:
    order = fulfillment_order("new")
    effect = request_recall(order, "source_again", in_flight=False)
    assert isinstance(effect, UpdateEffect)
    assert (effect.events, effect.returned) == (
        ["fulfillment_order.canceled"],
        {SCALE_LINE: 5, LAMP_LINE: 2},
    )
    assert (order.state, order.recall, order.recalled_units) == (
        "canceled",
        "accepted",
        "source_again",
    )


@pytest.mark.parametrize(
    ("state", "in_flight"), [("new", True), ("sent", False), ("picked", False)]
)
def test_of_an_order_its_fulfiller_may_have_the_cancellation_is_requested(
    state: str, in_flight: bool
) -> None:
    order = fulfillment_order(state)
    effect = request_recall(order, "cancel", in_flight=in_flight)
    assert isinstance(effect, UpdateEffect)
    assert (effect.events, effect.returned) == (["fulfillment_order.cancellation_requested"], {})
    assert (order.state, order.state_reason, order.recall) == (
        state,
        "Recall Requested",
        "requested",
    )
    again = request_recall(order, "source_again", in_flight=in_flight)
    assert isinstance(again, UpdateEffect)
    assert (again.events, again.noted, order.recalled_units) == ([], True, "source_again")


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_order_that_has_ended_is_not_recalled(state: str) -> None:
    problem = request_recall(fulfillment_order(state), "cancel", in_flight=False)
    assert isinstance(problem, Problem)
    assert problem.what == f"FO-1 was {state} already"


def test_a_wholly_shipped_order_is_not_recalled() -> None:
    order = fulfillment_order("shipped", shipped=5)
    order.lines[LAMP].shipped = 2
    problem = request_recall(order, "cancel", in_flight=False)
    assert isinstance(problem, Problem)
    assert problem.what == "FO-1 cannot be recalled: all of its units have shipped"


def recalled(state: str = "sent") -> FulfillmentOrderState:
    order = fulfillment_order(state)
    request_recall(order, "cancel", in_flight=False)
    return order


def test_a_refused_recall_is_noted_and_can_be_requested_again() -> None:
    order = recalled()
    effect = refuse_recall(order)
    assert isinstance(effect, UpdateEffect)
    assert effect.events == ["fulfillment_order.cancellation_failed"]
    assert (order.state, order.state_reason, order.recall) == ("sent", "Recall Refused", "refused")
    repeated = refuse_recall(order)
    assert isinstance(repeated, Problem)
    assert repeated.what == "FO-1 has no open recall to refuse"
    again = request_recall(order, "cancel", in_flight=False)
    assert isinstance(again, UpdateEffect)
    assert again.events == ["fulfillment_order.cancellation_requested"]


def test_an_accepted_recall_cancels_what_has_not_shipped() -> None:
    order = recalled()
    effect_of(order, "shipped", parcel("P1", (SCALE, 2)))
    effect = accept_recall(order)
    assert isinstance(effect, UpdateEffect)
    assert effect.returned == {SCALE_LINE: 3, LAMP_LINE: 2}
    assert (order.state, order.recall, order.open_steps) == (
        "closed",
        "accepted",
        {SCALE_LINE: 0, LAMP_LINE: 0},
    )
    not_recalled = accept_recall(fulfillment_order("sent"))
    assert isinstance(not_recalled, Problem)
    assert not_recalled.what == "FO-1 was not recalled"


def test_a_withdrawn_recall_leaves_the_order_with_its_fulfiller() -> None:
    order = recalled("picked")
    effect = withdraw_recall(order)
    assert isinstance(effect, UpdateEffect)
    assert effect.events == ["fulfillment_order.cancellation_withdrawn"]
    assert (order.state, order.state_reason) == ("picked", "Picked")
    assert (order.recall, order.recalled_units) == ("", "")
    assert isinstance(withdraw_recall(order), Problem)


def test_an_order_that_was_sent_while_it_was_recalled_is_requested_back() -> None:
    order = fulfillment_order("new")
    request_recall(order, "cancel", in_flight=False)
    effect = advance_to(order, "sent")
    assert effect.events == ["fulfillment_order.cancellation_requested"]
    assert (order.state, order.recall) == ("canceled", "requested")
    confirmed = effect_of(order, "canceled")
    assert (confirmed.events, confirmed.noted, order.recall) == ([], True, "accepted")
