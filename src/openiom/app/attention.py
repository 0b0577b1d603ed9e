"""What needs a person: providers that are down, and how much waits, is parked or has failed.

Every read is bounded or is of counters, so that the badges of the navigation cost the same however
many orders there are.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom import collaboration, orchestration, orders, payments, providers
from openiom.platform.http import CurrentPrincipal, ReadSession, Router

router = Router(prefix="/api/v1", tags=["attention"])


class OutageView(BaseModel):
    """A provider that is down, and the calls and documents that wait for it.

    The numbers stop at `limit` of the response.
    """

    instance: str
    title: str
    since: datetime
    error: str
    calls: int
    orders: int


class Attention(BaseModel):
    """What needs a person. A number that the user may not see is absent.

    orders           orders that a failed check put on hold
    parked_messages  messages of providers that could not be processed
    failed_runs      flow runs that an error stopped
    mentions         notes that mention the user, who has not read them
    payments         orders with a payment that failed, or with shipped units that nothing pays
    limit            numbers that are counted stop here: it means this many or more
    """

    outages: list[OutageView] = []
    orders: int | None = None
    parked_messages: int | None = None
    failed_runs: int | None = None
    mentions: int | None = None
    payments: int | None = None
    limit: int = orchestration.MAX_COUNTED


@router.get("/attention")
def read_attention(principal: CurrentPrincipal, session: ReadSession) -> Attention:
    """Return the providers that are down and the numbers of the navigation."""
    found = attention(session)
    if principal.may("orders.read"):
        found.mentions = collaboration.count_unread(session, principal.name)
    if not principal.may("providers.read"):
        found.parked_messages = None
    if not principal.may("orders.read"):
        found.orders = None
    if not principal.may("orchestration.read"):
        found.failed_runs = None
    if not principal.may("payments.read"):
        found.payments = None
    if not (principal.may("orders.read") or principal.may("providers.read")):
        found.outages = []
    return found


def attention(session: Session) -> Attention:
    """Return what needs a person, with all numbers."""
    outages = providers.list_outages(session)
    return Attention(
        outages=_outage_views(session, outages),
        orders=orders.count_orders(session).failed,
        parked_messages=providers.count_parked(session, limit=orchestration.MAX_COUNTED),
        failed_runs=orchestration.count_failed_runs(session),
        payments=payments.count_payments_needing_a_person(session),
    )


def _outage_views(session: Session, outages: Sequence[providers.Outage]) -> list[OutageView]:
    """Return outages with what waits for them: orders on manual hold wait for their release."""
    waiting = orchestration.count_waiting_calls(session, [outage.name for outage in outages])
    on_hold = orders.orders_on_manual_hold(session, [calls.root_id for calls in waiting])
    calls_by_outage: dict[str, list[int]] = defaultdict(list)
    for calls in waiting:
        if calls.root_id not in on_hold:
            calls_by_outage[calls.instance].append(calls.calls)

    views: list[OutageView] = []
    for outage in outages:
        views.append(
            OutageView(
                instance=outage.name,
                title=outage.title,
                since=outage.since,
                error=outage.error,
                calls=sum(calls_by_outage[outage.name]),
                orders=len(calls_by_outage[outage.name]),
            )
        )

    return views
