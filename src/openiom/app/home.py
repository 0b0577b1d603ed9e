"""The start page: what needs a person, with its number, its age, its money and one next step.

Every read is bounded by `MAX_COUNTED` and uses an index over what is open, so that the page costs
the same however many orders have ended.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom import fulfillment, orchestration, orders, payments, providers
from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router

from .application import FULFILLMENT_PROGRESS

router = Router(prefix="/api/v1", tags=["home"])

HomeKind = Literal[
    "connections", "blocked", "failed_runs", "parked_messages", "payments", "declined", "late"
]


class HomeAmount(BaseModel):
    """The money of the orders of one currency."""

    currency: str
    amount: str
    orders: int


class HomeItem(BaseModel):
    """One kind of work.

    connections      providers that are down
    blocked          orders that wait for the provider `instance`, which is down
    failed_runs      flow runs that an error stopped
    parked_messages  messages that could not be processed, with the money that they state
    payments         orders with a payment that failed or expired, or with shipped units unpaid
    declined         fulfillment orders that were declined and have no other source yet
    late             unshipped orders that were promised, or planned to ship, for a day that is over

    `oldest` is since when the oldest of them has needed a person; of late orders, when it was
    placed. `amounts` is the money of the orders they belong to.
    """

    kind: HomeKind
    count: int
    oldest: datetime | None
    amounts: list[HomeAmount] = []
    instance: str = ""
    title: str = ""


class Home(BaseModel):
    """What needs a person, most urgent first; empty when all is well.

    Work that the user may not see is absent. A number of `limit` means this many or more.
    """

    items: list[HomeItem]
    limit: int = orchestration.MAX_COUNTED


@router.get("/home")
def read_home(principal: CurrentPrincipal, session: ReadSession, now: Now) -> Home:
    """Return what needs a person."""
    items: list[HomeItem] = []
    situation = _Situation(session, now)
    for permission, find in _WORK:
        if principal.may(permission):
            items += find(situation)

    if not principal.may("orders.read"):
        items = _without_money(items)

    return Home(items=items)


@dataclass(frozen=True)
class _Situation:
    """What the kinds of work are read from."""

    session: Session
    now: datetime

    @cached_property
    def outages(self) -> Sequence[providers.Outage]:
        """The providers that are down."""
        return providers.list_outages(self.session)


def _without_money(items: Iterable[HomeItem]) -> list[HomeItem]:
    return [item.model_copy(update={"amounts": []}) for item in items]


def _connections(situation: _Situation) -> list[HomeItem]:
    outages = situation.outages
    if not outages:
        return []
    titles = ", ".join(outage.title for outage in outages)
    return [HomeItem(kind="connections", count=len(outages), oldest=outages[0].since, title=titles)]


def _blocked(situation: _Situation) -> list[HomeItem]:
    """Return one item for each provider that is down and that orders wait for."""
    session = situation.session
    items: list[HomeItem] = []
    for outage in situation.outages:
        waiting = orchestration.roots_waiting_for(session, outage.name)
        on_hold = orders.orders_on_manual_hold(session, waiting)
        amounts = orders.sum_orders(session, [one for one in waiting if one not in on_hold])
        count = sum(amount.orders for amount in amounts)
        if count:
            items.append(
                HomeItem(
                    kind="blocked",
                    count=count,
                    oldest=orchestration.oldest_call(session, outage.name),
                    amounts=_amounts(amounts),
                    instance=outage.name,
                    title=outage.title,
                )
            )

    return items


def _failed_runs(situation: _Situation) -> list[HomeItem]:
    session = situation.session
    count = orchestration.count_failed_runs(session)
    if not count:
        return []

    failed = orchestration.failed_roots(session)
    return [
        HomeItem(
            kind="failed_runs",
            count=count,
            oldest=min(root.since for root in failed),
            amounts=_money_of(session, [root.root_id for root in failed]),
        )
    ]


def _parked_messages(situation: _Situation) -> list[HomeItem]:
    session = situation.session
    count = providers.count_parked(session, limit=orchestration.MAX_COUNTED)
    if not count:
        return []
    oldest = providers.oldest_parked(session)
    amounts = [
        HomeAmount(currency=one.currency, amount=one.amount, orders=one.orders)
        for one in providers.parked_totals(session, limit=orchestration.MAX_COUNTED)
    ]
    return [HomeItem(kind="parked_messages", count=count, oldest=oldest, amounts=amounts)]


def _payments(situation: _Situation) -> list[HomeItem]:
    session = situation.session
    at_risk = payments.orders_at_risk(session)
    if not at_risk:
        return []
    return [
        HomeItem(
            kind="payments",
            count=len(at_risk),
            oldest=min(one.since for one in at_risk),
            amounts=_money_of(session, [one.order_id for one in at_risk]),
        )
    ]


def _declined(situation: _Situation) -> list[HomeItem]:
    session = situation.session
    declined = fulfillment.declined_to_be_sourced(session)
    if not declined:
        return []
    return [
        HomeItem(
            kind="declined",
            count=len(declined),
            oldest=min(one.declined_at for one in declined),
            amounts=_money_of(session, {one.order_id for one in declined}),
        )
    ]


def _late(situation: _Situation) -> list[HomeItem]:
    session = situation.session
    late = orders.late_orders(session, FULFILLMENT_PROGRESS, situation.now)
    if not late:
        return []

    amounts = orders.sum_orders(session, late)
    oldest = min(amount.oldest for amount in amounts)
    return [HomeItem(kind="late", count=len(late), oldest=oldest, amounts=_amounts(amounts))]


def _money_of(session: Session, order_ids: Iterable[UUID]) -> list[HomeAmount]:
    return _amounts(orders.sum_orders(session, list(order_ids)))


def _amounts(amounts: Sequence[orders.CurrencyTotal]) -> list[HomeAmount]:
    return [
        HomeAmount(currency=one.currency, amount=one.amount, orders=one.orders) for one in amounts
    ]


_WORK: tuple[tuple[str, Callable[[_Situation], list[HomeItem]]], ...] = (
    ("providers.read", _connections),
    ("orders.read", _blocked),
    ("orchestration.read", _failed_runs),
    ("providers.read", _parked_messages),
    ("payments.read", _payments),
    ("fulfillment.read", _declined),
    ("orders.read", _late),
)
"""Kinds of work, most urgent first, and who may see them."""
