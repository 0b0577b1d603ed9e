"""The verdict on an order: whether it keeps its promise, and what it waits for.

The first rule that applies says what the order waits for. A manual hold comes before everything
that happens after its release, and a failed step before a provider that is down or paused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from openiom.documents import plain_number
from openiom.orchestration import FailedStep

from .allowed_actions import OrderUnits
from .fulfillment_port import FulfillmentProgress
from .schemas import Blocked, OrderVerdict, VerdictAction, VerdictBasis, VerdictStatus
from .states import CANCELED, COMPLETED, MANUAL_HOLD, ON_HOLD

MAX_NAMED = 2
"""Most products that a verdict names."""


class HoldFacts(NamedTuple):
    """Who placed a manual hold, when and why."""

    actor: str
    placed_at: datetime
    reason: str


class WaitingFacts(NamedTuple):
    """A line on hold for stock (`backorder`), a launch (`preorder`) or a free day (`capacity`)."""

    line_id: UUID
    kind: str
    name: str
    since: datetime
    available_on: date | None
    launch_date: date | None
    retry_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSituation:
    """What the verdict is about. `today` is the first day that is not over everywhere."""

    state: str
    reason: str
    units: OrderUnits
    today: date
    promised_on: date | None = None
    manual_hold: bool = False
    hold: HoldFacts | None = None
    failed: FailedStep | None = None
    blocked: Blocked | None = None
    waiting: Sequence[WaitingFacts] = ()
    fulfillment: Sequence[FulfillmentProgress] = ()

    @property
    def is_shipped(self) -> bool:
        """Whether units have shipped and none is owed."""
        return self.units.shipped > 0 and self.units.owed == 0

    @property
    def unshipped(self) -> list[FulfillmentProgress]:
        """The fulfillment orders of which units are still to ship."""
        return [one for one in self.fulfillment if one.is_open]

    @property
    def delivered_on(self) -> date | None:
        """The day on which the last unit arrived; None while one is owed or on its way."""
        if not self.is_shipped:
            return None

        days = [one.delivered_at.date() for one in self.fulfillment if one.delivered_at]
        is_on_its_way = any(one.awaits_delivery for one in self.fulfillment)
        return max(days) if days and not is_on_its_way else None


@dataclass(frozen=True, slots=True)
class _Finding:
    """What a rule found."""

    status: VerdictStatus
    text: str
    action: VerdictAction = ""
    target: str = ""
    since: datetime | None = None
    expected_on: date | None = None


class _Due(NamedTuple):
    """The day that the order is measured by, and the day it is expected to be met on."""

    basis: VerdictBasis
    on: date | None
    expected: date

    @property
    def days_late(self) -> int:
        return max(0, (self.expected - self.on).days) if self.on else 0


def order_verdict(order: OrderSituation) -> OrderVerdict:
    """Return the verdict on an order."""
    finding = _find(order)
    verdict = OrderVerdict(
        status=finding.status,
        text=finding.text,
        promised_on=_promise(order),
        planned_on=_planned_on(order),
        expected_on=finding.expected_on,
        since=finding.since,
        action=finding.action,
        target=finding.target,
    )
    if finding.status in ("canceled", "completed"):
        return verdict

    due = _due(order, verdict.promised_on, verdict.planned_on)
    if due.on is not None:
        verdict.basis = due.basis
        verdict.days_late = due.days_late
        verdict.timeliness = "late" if due.days_late else "on_time"

    return verdict


def _find(order: OrderSituation) -> _Finding:
    for rule in _RULES:
        finding = rule(order)
        if finding is not None:
            return finding
    return _Finding("in_progress", "Being checked and sourced")


def _promise(order: OrderSituation) -> date | None:
    """Return the promised day; without one, the last day that waiting lines are promised for."""
    if order.promised_on is not None:
        return order.promised_on
    days = [line.available_on for line in order.waiting if line.available_on]
    return max(days, default=None)


def _planned_on(order: OrderSituation) -> date | None:
    """Return the first day on which units that have not shipped were planned to ship."""
    return min(_planned_days(order), default=None)


def _planned_days(order: OrderSituation) -> list[date]:
    return [one.planned_ship_date for one in order.unshipped if one.planned_ship_date]


def _due(order: OrderSituation, promised_on: date | None, planned_on: date | None) -> _Due:
    """Measure an order by its promise; by its plan without one, or when only that is broken."""
    if order.delivered_on is not None:
        return _Due("promise", promised_on, order.delivered_on)
    if order.is_shipped:
        return _Due("promise", promised_on, order.today)
    return _due_before_shipping(order, promised_on, planned_on)


def _due_before_shipping(
    order: OrderSituation, promised_on: date | None, planned_on: date | None
) -> _Due:
    if promised_on is None:
        return _Due("plan", planned_on, order.today)
    if promised_on >= order.today and _is_over(planned_on, order.today):
        return _Due("plan", planned_on, order.today)
    return _Due("promise", promised_on, _expected(order))


def _is_over(day: date | None, today: date) -> bool:
    return day is not None and day < today


def _expected(order: OrderSituation) -> date:
    """Return the first day on which everything the order waits for can have happened."""
    days = [order.today, *_planned_days(order)]
    for line in order.waiting:
        days += [day for day in (line.available_on, line.launch_date, line.retry_on) if day]
    return max(days)


def _canceled(order: OrderSituation) -> _Finding | None:
    if order.state != CANCELED:
        return None
    reason = "" if order.reason in ("", "Canceled") else f": {order.reason}"
    return _Finding("canceled", f"Canceled{reason}")


def _delivered(order: OrderSituation) -> _Finding | None:
    return _Finding("delivered", "Delivered") if order.delivered_on else None


def _completed(order: OrderSituation) -> _Finding | None:
    return _Finding("completed", "Completed") if order.state == COMPLETED else None


def _shipped(order: OrderSituation) -> _Finding | None:
    if not order.is_shipped:
        return None
    return _Finding("shipped", "Shipped; no delivery has been reported yet")


def _manual_hold(order: OrderSituation) -> _Finding | None:
    if not order.manual_hold:
        return None

    hold = order.hold
    if hold is None:
        return _Finding("on_hold", f"On hold: {order.reason}", "release")

    reason = hold.reason or order.reason
    why = "" if reason in ("", MANUAL_HOLD) else f": {reason}"
    return _Finding("on_hold", f"Put on hold by {hold.actor}{why}", "release", since=hold.placed_at)


def _failed(order: OrderSituation) -> _Finding | None:
    failed = order.failed
    if failed is None:
        return None
    text = f"Stopped at “{failed.step_title}”: {failed.what}"
    return _Finding("failed", text, "reprocess", since=failed.since)


def _blocked(order: OrderSituation) -> _Finding | None:
    blocked = order.blocked
    if blocked is None:
        return None
    return _Finding(
        "blocked",
        f"Blocked: {blocked.title} is {blocked.cause}",
        "open_connection",
        blocked.instance,
        since=blocked.since,
    )


def _waits(order: OrderSituation) -> _Finding | None:
    """Return what the line waits for that has waited for longest."""
    if not order.waiting:
        return None

    first = min(order.waiting, key=lambda line: (line.since, line.line_id))
    alike = [line for line in order.waiting if line.kind == first.kind]
    status, text = _waiting_text(first.kind, _names(alike))
    return _Finding(
        status,
        text,
        "open_waiting_line",
        str(first.line_id),
        since=first.since,
        expected_on=_latest_expected(alike),
    )


def _waiting_text(kind: str, names: str) -> tuple[VerdictStatus, str]:
    if kind == "preorder":
        return "waiting_for_launch", f"Waiting for the launch of {names}"
    if kind == "capacity":
        return "waiting_for_capacity", f"Waiting for a source with a free day for {names}"
    return "waiting_for_stock", f"Waiting for stock of {names}"


def _names(lines: Sequence[WaitingFacts]) -> str:
    names = list(dict.fromkeys(line.name for line in lines))
    more = len(names) - MAX_NAMED
    if more > 0:
        return f"{', '.join(names[:MAX_NAMED])} and {more} more"
    return " and ".join(names)


def _latest_expected(lines: Sequence[WaitingFacts]) -> date | None:
    """Return the last day for which these lines are expected; None when one has no day."""
    days: list[date] = []
    for line in lines:
        day = _expected_day(line)
        if day is None:
            return None
        days.append(day)

    return max(days)


def _expected_day(line: WaitingFacts) -> date | None:
    """Return the launch or the arrival of a line; without one, the day of the next attempt."""
    day = line.launch_date if line.kind == "preorder" else line.available_on
    return day or line.retry_on


def _on_hold(order: OrderSituation) -> _Finding | None:
    if order.state != ON_HOLD:
        return None
    return _Finding("on_hold", f"On hold: {order.reason}")


def _in_fulfillment(order: OrderSituation) -> _Finding | None:
    """Return what the fulfillment order waits for that is planned first."""
    unshipped = order.unshipped
    if not unshipped:
        return None

    first = min(unshipped, key=lambda one: one.planned_ship_date or date.max)
    status: VerdictStatus = "awaiting_fulfiller" if first.is_sent else "sending"
    return _Finding(
        status,
        _fulfillment_text(first, len(unshipped) - 1, order.units.in_fulfillment),
        "open_fulfillment_order",
        str(first.id),
        since=first.sent_at,
    )


def _fulfillment_text(first: FulfillmentProgress, others: int, in_fulfillment: Decimal) -> str:
    if first.recall == "requested":
        return f"Waiting for {first.fulfiller} to confirm the cancellation of {first.number}"
    if not first.is_sent:
        return _sending_text(first)

    more = f" and {others} more" if others else ""
    units = plain_number(in_fulfillment)
    noun = "unit" if units == 1 else "units"
    return f"Waiting for {first.fulfiller}{more} to ship {units} {noun}"


def _sending_text(fulfillment_order: FulfillmentProgress) -> str:
    number, fulfiller = fulfillment_order.number, fulfillment_order.fulfiller
    if fulfillment_order.send_failed:
        return f"{number} could not be sent to {fulfiller}"
    return f"{number} is being sent to {fulfiller}"


_RULES = (
    _canceled,
    _delivered,
    _completed,
    _shipped,
    _manual_hold,
    _failed,
    _blocked,
    _waits,
    _on_hold,
    _in_fulfillment,
)
