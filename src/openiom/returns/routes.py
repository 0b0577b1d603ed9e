"""HTTP routes of return orders."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from openiom.kernel import NotFound, TooLarge
from openiom.orders import (
    BulkRequest,
    BulkResponse,
    bulk_response,
    store_response,
    stored_response,
)
from openiom.platform.database import to_json
from openiom.platform.events import LoggedEvent, timeline
from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    Principal,
    ReadSession,
    Router,
    WriteSession,
)
from openiom.platform.pagination import Page, PageRequest, page_request
from openiom.provider_contract import Outcome

from .configuration import return_policy
from .facts import read_returns
from .payment_refunds import PAYMENT_REFUNDS
from .queries import ReturnFilter, count_returns, get_returns, list_returns, returns_of_order
from .refund_port import RefundPort
from .returnable import returnable_order
from .schemas import (
    BlindReturnsRequest,
    CreateReturnsRequest,
    InspectRequest,
    MatchRequest,
    ParcelRequest,
    ReasonView,
    ReceiveRequest,
    RecordPaymentRequest,
    ReturnableOrder,
    ReturnCounts,
    ReturnDetail,
    ReturnEvent,
    ReturnItems,
    ReturnPolicyView,
    ReturnResults,
    ReturnRow,
    ReturnTimeline,
)
from .service.approval import (
    approve_returns,
    cancel_returns,
    close_returns,
    refuse_returns,
    request_labels,
)
from .service.create import create_blind_returns, create_returns
from .service.match import match_returns, record_payments
from .service.parcels import record_parcel
from .service.receipts import MEASURES, inspect_returns, receive_returns

BULK_LIMIT = 1_000
READ, WRITE = "returns.read", "returns.write"
ReturnPage = Annotated[PageRequest[UUID], Depends(page_request(UUID))]
IdempotencyKey = Annotated[str | None, Header(max_length=200)]
Response = TypeVar("Response", bound=BaseModel)


class ReturnQuery(BaseModel):
    """Filters of the list of return orders; all that are given must match."""

    state: str = ""
    outcome: str = Field("", pattern="^(|refund|exchange|replacement)$")
    origin: str = Field("", pattern="^(|customer|store_counter|order_manager|blind)$")
    order_id: UUID | None = None
    search: str = Field(
        "",
        description="Beginning of a number, an order's number, a tracking number or a name",
    )
    open_only: bool = Field(False, description="Only those that have not ended")
    refund_due: bool = Field(False, description="Only those of which a payment is due")


def returns_router(
    event_titles: Mapping[str, str], refunds: RefundPort = PAYMENT_REFUNDS
) -> Router:
    """Return the routes below `/api/v1/returns`, and those of the returns of an order.

    `event_titles` are those of all packages; `refunds` pays what becomes due.
    """
    router = Router(prefix="/api/v1", tags=["returns"])
    router.add_api_route("/returns", find_returns, methods=["GET"])
    router.add_api_route("/returns/counts", read_counts, methods=["GET"])
    router.add_api_route("/returns/policy", read_policy, methods=["GET"])
    router.add_api_route("/returns/blind", create_blind, methods=["POST"], status_code=201)
    router.add_api_route("/returns/record-payment", record_payment, methods=["POST"])
    router.add_api_route("/orders/{order_id}/returns", read_returns_of_order, methods=["GET"])
    router.add_api_route("/orders/{order_id}/returnable", read_returnable, methods=["GET"])
    _add_moves(router, refunds)
    _add_writes(router, refunds)
    _add_units(router, refunds)

    @router.get("/returns/{return_id}/timeline")
    def read_return_timeline(
        return_id: UUID, principal: CurrentPrincipal, session: ReadSession
    ) -> ReturnTimeline:
        """Events of a return order and its lines, newest first."""
        principal.require(READ)
        return _timeline(session, return_id, event_titles)

    router.add_api_route("/returns/{return_id}", read_return, methods=["GET"])
    return router


Operation = Callable[..., Sequence[Outcome]]


def _add_moves(router: Router, refunds: RefundPort) -> None:
    """Add the routes that move return orders by their ids, with one result per id."""
    moves: tuple[tuple[str, str, Operation], ...] = (
        ("approve", "Approve requested returns.", partial(approve_returns, refunds=refunds)),
        ("refuse", "Refuse requested returns.", refuse_returns),
        ("cancel", "Cancel returns of which nothing has come back.", cancel_returns),
        ("request-label", "Request labels for approved returns.", request_labels),
        (
            "close",
            "Close returns whose received units are inspected.",
            partial(close_returns, refunds=refunds),
        ),
    )
    for path, summary, operation in moves:
        name = f"{path.replace('-', '_')}_return"
        endpoint = _move(operation)
        router.add_api_route(
            f"/returns/{path}", endpoint, methods=["POST"], name=name, description=summary
        )


def _move(operation: Operation) -> Callable[..., BulkResponse]:
    def move(
        body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
    ) -> BulkResponse:
        ids = _require_bulk(principal, body.ids)
        return bulk_response(ids, operation(session, ids, now, principal.name, reason=body.reason))

    return move


def _add_writes(router: Router, refunds: RefundPort) -> None:
    """Add the routes whose changes may make a refund due."""

    @router.post("/returns", status_code=201)
    def create_return_orders(
        body: CreateReturnsRequest,
        principal: CurrentPrincipal,
        session: WriteSession,
        now: Now,
        idempotency_key: IdempotencyKey = None,
    ) -> ReturnResults:
        """Create return orders; one result each. A refused one stops no other.

        With an `Idempotency-Key`, the repeated request gets the same response and creates nothing.
        """
        principal.require(WRITE)

        def run() -> ReturnResults:
            results = create_returns(
                session, body.returns, now, principal.name, parcel=body.parcel, refunds=refunds
            )
            return ReturnResults(results=results)

        return _Once(session, principal, idempotency_key, now).run(body, run, ReturnResults)

    @router.post("/returns/parcel")
    def add_parcel(
        body: ParcelRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
    ) -> BulkResponse:
        """Record the parcel of returns, or that the customer has sent it."""
        ids = _require_bulk(principal, body.ids)
        outcomes = record_parcel(session, ids, body.parcel, now, principal.name, refunds=refunds)
        return bulk_response(ids, outcomes)

    @router.post("/returns/match")
    def match(
        body: MatchRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
    ) -> BulkResponse:
        """Match the lines of blind returns with order lines; one result per line."""
        ids = _require_bulk(principal, [item.id for item in body.lines])
        outcomes = match_returns(session, body.lines, now, principal.name, refunds=refunds)
        return bulk_response(ids, outcomes)


def _add_units(router: Router, refunds: RefundPort) -> None:
    """Add the routes that receive and inspect units."""

    @router.post("/returns/receive")
    def receive(
        body: ReceiveRequest,
        principal: CurrentPrincipal,
        session: WriteSession,
        now: Now,
        idempotency_key: IdempotencyKey = None,
    ) -> BulkResponse:
        """Receive units of lines, and inspect those with a disposition; one result per item."""
        ids = _require_bulk(principal, [item.id for item in body.items])

        def run() -> BulkResponse:
            outcomes = receive_returns(
                session, body.items, now, principal.name, place=body.place, refunds=refunds
            )
            return bulk_response(ids, outcomes)

        return _Once(session, principal, idempotency_key, now).run(body, run, BulkResponse)

    @router.post("/returns/inspect")
    def inspect(
        body: InspectRequest,
        principal: CurrentPrincipal,
        session: WriteSession,
        now: Now,
        idempotency_key: IdempotencyKey = None,
    ) -> BulkResponse:
        """Inspect received units: what was found, and what becomes of them."""
        ids = _require_bulk(principal, [item.id for item in body.items])

        def run() -> BulkResponse:
            outcomes = inspect_returns(session, body.items, now, principal.name, refunds=refunds)
            return bulk_response(ids, outcomes)

        return _Once(session, principal, idempotency_key, now).run(body, run, BulkResponse)


def find_returns(
    query: Annotated[ReturnQuery, Query()],
    paging: ReturnPage,
    principal: CurrentPrincipal,
    session: ReadSession,
) -> Page[ReturnRow]:
    """Return orders, newest first."""
    principal.require(READ)
    narrowed = {**query.model_dump(), "search": query.search.replace("\x00", "")}
    after = paging.after[0] if paging.after else None
    rows = list_returns(session, ReturnFilter(**narrowed), after=after, limit=paging.fetch_limit)
    return paging.page(rows, key=lambda row: (row.id,))


def read_counts(principal: CurrentPrincipal, session: ReadSession) -> ReturnCounts:
    """Return orders in each state, and those of which a payment is due."""
    principal.require(READ)
    return count_returns(session)


def read_policy(principal: CurrentPrincipal, session: ReadSession) -> ReturnPolicyView:
    """What return forms offer: reasons, conditions and dispositions."""
    principal.require(READ)
    policy = return_policy(session)
    reasons: list[ReasonView] = []
    for reason in policy.reasons:
        reasons.append(ReasonView(**reason.model_dump()))
    return ReturnPolicyView(
        reasons=reasons, conditions=policy.conditions, dispositions=[*MEASURES, "reject"]
    )


def read_return(return_id: UUID, principal: CurrentPrincipal, session: ReadSession) -> ReturnDetail:
    """One return order with its lines, parcels, receipts, inspections and amounts."""
    principal.require(READ)
    found = get_returns(session, [return_id])
    if not found:
        raise _no_return(return_id)
    return found[0]


def read_returns_of_order(
    order_id: UUID, principal: CurrentPrincipal, session: ReadSession
) -> ReturnItems:
    """Every return order of an order, oldest first."""
    principal.require(READ)
    return ReturnItems(items=returns_of_order(session, order_id))


def read_returnable(
    order_id: UUID,
    principal: CurrentPrincipal,
    session: ReadSession,
    now: Now,
    reason: Annotated[str, Query(max_length=100, description="Code of a reason")] = "",
) -> ReturnableOrder:
    """What of an order may be returned, until when, for how much, and why not the rest."""
    principal.require(READ)
    return returnable_order(session, order_id, now, reason=reason)


def create_blind(
    body: BlindReturnsRequest,
    principal: CurrentPrincipal,
    session: WriteSession,
    now: Now,
    idempotency_key: IdempotencyKey = None,
) -> ReturnResults:
    """Record goods that arrived without an order; one result each."""
    principal.require(WRITE)

    def run() -> ReturnResults:
        results = create_blind_returns(session, body.returns, now, principal.name)
        return ReturnResults(results=results)

    return _Once(session, principal, idempotency_key, now).run(body, run, ReturnResults)


def record_payment(
    body: RecordPaymentRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Record that amounts were paid in another system, or could not be; one result per amount."""
    ids = _require_bulk(principal, body.ids)
    outcomes = record_payments(
        session,
        ids,
        now,
        principal.name,
        state=body.state,
        reference=body.reference,
        reason=body.reason,
    )
    return bulk_response(ids, outcomes)


def _require_bulk(principal: Principal, ids: Sequence[UUID]) -> list[UUID]:
    """Return the ids of a bulk action. Raise `Forbidden`, or `TooLarge` for more than 1,000."""
    principal.require(WRITE)
    if len(ids) > BULK_LIMIT:
        raise TooLarge(
            f"{len(ids)} are more than {BULK_LIMIT}", where="ids", remedy="send fewer at once"
        )
    return list(ids)


class _Once:
    """Runs a request once: with a known idempotency key it returns the stored response."""

    def __init__(
        self, session: Session, principal: Principal, key: str | None, now: datetime
    ) -> None:
        self._session = session
        self._principal = principal.name
        self._key = key
        self._now = now

    def run(
        self, body: BaseModel, work: Callable[[], Response], response_class: type[Response]
    ) -> Response:
        """Return the response of `work`, or the stored one."""
        if not self._key:
            return work()

        digest = sha256(to_json(body.model_dump(mode="json"))).hexdigest()
        known = stored_response(
            self._session, principal=self._principal, key=self._key, digest=digest
        )
        if known is not None:
            return response_class.model_validate(known)

        response = work()
        store_response(
            self._session,
            principal=self._principal,
            key=self._key,
            digest=digest,
            response=response.model_dump(mode="json"),
            now=self._now,
        )
        return response


def _timeline(session: Session, return_id: UUID, titles: Mapping[str, str]) -> ReturnTimeline:
    returns = read_returns(session, [return_id])
    if return_id not in returns:
        raise _no_return(return_id)

    order = returns[return_id]
    subjects = {return_id, *order.lines}
    events: list[ReturnEvent] = []
    for event in timeline(session, [return_id, order.root_id], limit=2_000):
        if event.subject_id in subjects:
            events.append(_event(event, titles))
    return ReturnTimeline(events=events)


def _event(event: LoggedEvent, titles: Mapping[str, str]) -> ReturnEvent:
    return ReturnEvent(
        id=event.id,
        occurred_at=event.occurred_at,
        name=event.name,
        title=titles.get(event.name, event.name),
        actor=event.actor,
        data=dict(event.data),
    )


def _no_return(return_id: UUID) -> NotFound:
    return NotFound(
        f"no return order {return_id}", remedy="look it up in the list of return orders"
    )
