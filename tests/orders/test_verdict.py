"""The verdict on an order: one case for each thing that it can wait for, and for its promise."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from openiom.kernel import new_id
from openiom.orchestration import FailedStep
from openiom.orders import FulfillmentProgress
from openiom.orders.allowed_actions import OrderUnits
from openiom.orders.schemas import Blocked
from openiom.orders.verdict import HoldFacts, OrderSituation, WaitingFacts, order_verdict

TODAY = date(2026, 11, 30)
SINCE = datetime(2026, 11, 29, 15, 23, tzinfo=UTC)
PROMISED = date(2026, 12, 3)
LINE = UUID(int=1)
LATER_LINE = UUID(int=2)


def units(*, in_fulfillment: int = 0, shipped: int = 0, owed: int = 0) -> OrderUnits:
    return OrderUnits(Decimal(in_fulfillment), Decimal(shipped), Decimal(owed))


def order(**more: Any) -> OrderSituation:
    """An order in progress that is promised for December 3."""
    fields: dict[str, Any] = {
        "state": "in_progress",
        "reason": "Order Validation Success",
        "units": units(owed=3),
        "today": TODAY,
        "promised_on": PROMISED,
    }
    return OrderSituation(**fields | more)


def fulfillment_order(**more: Any) -> FulfillmentProgress:
    """A fulfillment order that the 3PL has accepted and is to ship on December 1."""
    accepted = FulfillmentProgress(
        id=LINE,
        number="FO-7",
        fulfiller="Fabrikam 3PL",
        recall="",
        is_sent=True,
        send_failed=False,
        is_open=True,
        awaits_delivery=False,
        planned_ship_date=date(2026, 12, 1),
        sent_at=SINCE,
        delivered_at=None,
    )
    return accepted._replace(**more)


def at_fulfiller(*fulfillment: FulfillmentProgress, **more: Any) -> OrderSituation:
    return order(
        state="fulfillment_in_process",
        units=units(in_fulfillment=3, owed=3),
        fulfillment=fulfillment or (fulfillment_order(),),
        **more,
    )


def shipped(**more: Any) -> OrderSituation:
    parcel = fulfillment_order(is_open=False, awaits_delivery="delivered_at" not in more)
    return order(
        state="fulfillment_in_process",
        reason="Shipped",
        units=units(shipped=3),
        fulfillment=(parcel._replace(**more),),
    )


def waiting(kind: str = "backorder", line_id: UUID = LINE, **more: Any) -> WaitingFacts:
    line = WaitingFacts(line_id, kind, "Oak lamp", SINCE, None, None, None)
    return line._replace(**more)


def on_hold(*lines: WaitingFacts, **more: Any) -> OrderSituation:
    return order(state="on_hold", reason="Backorder Hold", waiting=lines, **more)


def waits_for(situation: OrderSituation) -> tuple[str, str, str]:
    verdict = order_verdict(situation)
    return verdict.status, verdict.text, verdict.action


def punctuality(situation: OrderSituation) -> tuple[str, str, int]:
    verdict = order_verdict(situation)
    return verdict.basis, verdict.timeliness, verdict.days_late


FAILED = FailedStep(new_id(), SINCE, "no source can serve CHAIR-OAK-01", "Choose sources")
BLOCKED = Blocked(instance="fabrikam-3pl", title="Fabrikam 3PL", since=SINCE)
HOLD = HoldFacts("ann", SINCE, "delivery on Friday")


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        (order(), ("in_progress", "Being checked and sourced", "")),
        (
            order(state="canceled", reason="Customer request"),
            ("canceled", "Canceled: Customer request", ""),
        ),
        (order(state="canceled", reason="Canceled"), ("canceled", "Canceled", "")),
        (
            order(state="on_hold", manual_hold=True, reason="Manual hold", hold=HOLD),
            ("on_hold", "Put on hold by ann: delivery on Friday", "release"),
        ),
        (
            order(
                state="on_hold",
                manual_hold=True,
                reason="Held upstream",
                hold=HoldFacts("fabrikam-store", SINCE, ""),
            ),
            ("on_hold", "Put on hold by fabrikam-store: Held upstream", "release"),
        ),
        (
            order(state="on_hold", manual_hold=True, reason="Manual hold"),
            ("on_hold", "On hold: Manual hold", "release"),
        ),
        (
            order(state="on_hold", reason="Order Validation Failed"),
            ("on_hold", "On hold: Order Validation Failed", ""),
        ),
        (
            order(failed=FAILED),
            (
                "failed",
                "Stopped at “Choose sources”: no source can serve CHAIR-OAK-01",
                "reprocess",
            ),
        ),
        (
            order(blocked=BLOCKED),
            ("blocked", "Blocked: Fabrikam 3PL is down", "open_connection"),
        ),
        (
            order(blocked=BLOCKED.model_copy(update={"cause": "paused"})),
            ("blocked", "Blocked: Fabrikam 3PL is paused", "open_connection"),
        ),
        (
            on_hold(waiting(), waiting(line_id=LATER_LINE, name="Shade")),
            ("waiting_for_stock", "Waiting for stock of Oak lamp and Shade", "open_waiting_line"),
        ),
        (
            on_hold(*(waiting(line_id=UUID(int=n), name=f"Lamp {n}") for n in range(4))),
            (
                "waiting_for_stock",
                "Waiting for stock of Lamp 0, Lamp 1 and 2 more",
                "open_waiting_line",
            ),
        ),
        (
            on_hold(waiting("preorder", launch_date=date(2026, 12, 24))),
            ("waiting_for_launch", "Waiting for the launch of Oak lamp", "open_waiting_line"),
        ),
        (
            on_hold(waiting("capacity", retry_on=date(2026, 12, 1))),
            (
                "waiting_for_capacity",
                "Waiting for a source with a free day for Oak lamp",
                "open_waiting_line",
            ),
        ),
        (
            at_fulfiller(),
            (
                "awaiting_fulfiller",
                "Waiting for Fabrikam 3PL to ship 3 units",
                "open_fulfillment_order",
            ),
        ),
        (
            at_fulfiller(fulfillment_order(), fulfillment_order(planned_ship_date=None)),
            (
                "awaiting_fulfiller",
                "Waiting for Fabrikam 3PL and 1 more to ship 3 units",
                "open_fulfillment_order",
            ),
        ),
        (
            at_fulfiller(fulfillment_order(recall="requested")),
            (
                "awaiting_fulfiller",
                "Waiting for Fabrikam 3PL to confirm the cancellation of FO-7",
                "open_fulfillment_order",
            ),
        ),
        (
            at_fulfiller(fulfillment_order(is_sent=False, sent_at=None)),
            ("sending", "FO-7 is being sent to Fabrikam 3PL", "open_fulfillment_order"),
        ),
        (
            at_fulfiller(fulfillment_order(is_sent=False, send_failed=True)),
            ("sending", "FO-7 could not be sent to Fabrikam 3PL", "open_fulfillment_order"),
        ),
        (shipped(), ("shipped", "Shipped; no delivery has been reported yet", "")),
        (shipped(delivered_at=SINCE), ("delivered", "Delivered", "")),
        (order(state="completed", units=units(shipped=3)), ("completed", "Completed", "")),
    ],
)
def test_what_an_order_waits_for(situation: OrderSituation, expected: tuple[str, str, str]) -> None:
    assert waits_for(situation) == expected


def test_what_must_happen_first_comes_first() -> None:
    everything = at_fulfiller(
        failed=FAILED,
        blocked=BLOCKED,
        waiting=(waiting(),),
        manual_hold=True,
        hold=HOLD,
    )
    released = replace(everything, manual_hold=False)
    reprocessed = replace(released, failed=None)
    mended = replace(reprocessed, blocked=None)
    supplied = replace(mended, waiting=())
    found = [
        order_verdict(situation).status
        for situation in (everything, released, reprocessed, mended, supplied)
    ]
    assert found == ["on_hold", "failed", "blocked", "waiting_for_stock", "awaiting_fulfiller"]


def test_the_action_names_what_it_opens_and_since_when_the_order_waits() -> None:
    line = order_verdict(on_hold(waiting(line_id=LATER_LINE), waiting()))
    assert (line.target, line.since) == (str(LINE), SINCE)
    provider = order_verdict(order(blocked=BLOCKED))
    assert (provider.target, provider.since) == ("fabrikam-3pl", SINCE)
    sent = order_verdict(at_fulfiller())
    assert (sent.target, sent.since) == (str(LINE), SINCE)
    assert order_verdict(order(state="on_hold", manual_hold=True, hold=HOLD)).since == SINCE


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        (order(), ("promise", "on_time", 0)),
        (order(promised_on=TODAY), ("promise", "on_time", 0)),
        (order(promised_on=date(2026, 11, 28)), ("promise", "late", 2)),
        (order(promised_on=None), ("", "", 0)),
        (on_hold(waiting(available_on=date(2026, 12, 3))), ("promise", "on_time", 0)),
        (on_hold(waiting(available_on=date(2026, 12, 5))), ("promise", "late", 2)),
        (
            on_hold(waiting("preorder", launch_date=date(2026, 12, 24))),
            ("promise", "late", 21),
        ),
        (
            on_hold(waiting(available_on=date(2026, 12, 5)), promised_on=None),
            ("promise", "on_time", 0),
        ),
        (at_fulfiller(), ("promise", "on_time", 0)),
        (
            at_fulfiller(fulfillment_order(planned_ship_date=date(2026, 12, 4))),
            ("promise", "late", 1),
        ),
        (
            at_fulfiller(fulfillment_order(planned_ship_date=date(2026, 11, 28))),
            ("plan", "late", 2),
        ),
        (at_fulfiller(promised_on=None), ("plan", "on_time", 0)),
        (
            at_fulfiller(
                fulfillment_order(planned_ship_date=date(2026, 11, 29)),
                promised_on=date(2026, 11, 27),
            ),
            ("promise", "late", 3),
        ),
        (shipped(), ("promise", "on_time", 0)),
        (replace(shipped(), promised_on=date(2026, 11, 29)), ("promise", "late", 1)),
        (shipped(delivered_at=SINCE), ("promise", "on_time", 0)),
        (
            replace(shipped(delivered_at=SINCE), promised_on=date(2026, 11, 26)),
            ("promise", "late", 3),
        ),
        (replace(shipped(), promised_on=None), ("", "", 0)),
        (order(state="canceled", promised_on=date(2026, 11, 1)), ("", "", 0)),
        (
            order(state="completed", units=units(shipped=3), promised_on=date(2026, 11, 1)),
            ("", "", 0),
        ),
    ],
)
def test_whether_an_order_keeps_its_promise(
    situation: OrderSituation, expected: tuple[str, str, int]
) -> None:
    assert punctuality(situation) == expected


def test_an_order_is_delivered_with_its_last_parcel() -> None:
    first = fulfillment_order(is_open=False, delivered_at=SINCE)
    second = fulfillment_order(is_open=False, awaits_delivery=True)
    both = replace(shipped(), fulfillment=(first, second))
    assert order_verdict(both).status == "shipped"
    arrived = second._replace(
        awaits_delivery=False, delivered_at=datetime(2026, 11, 30, tzinfo=UTC)
    )
    assert replace(both, fulfillment=(first, arrived)).delivered_on == TODAY
    owed = replace(both, fulfillment=(first,), units=units(shipped=1, owed=2))
    assert owed.delivered_on is None


def test_lines_without_a_day_leave_the_expected_day_open() -> None:
    known = waiting(available_on=date(2026, 12, 5))
    assert order_verdict(on_hold(known)).expected_on == date(2026, 12, 5)
    unknown = waiting(line_id=LATER_LINE)
    assert order_verdict(on_hold(known, unknown)).expected_on is None
    launch = waiting("preorder", launch_date=date(2026, 12, 24), available_on=date(2026, 12, 5))
    assert order_verdict(on_hold(launch)).expected_on == date(2026, 12, 24)
