"""HTTP routes of orders and their lines."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from pydantic import BaseModel, Field

from openiom.kernel import Moment, NotFound, TooLarge
from openiom.platform.async_responses import Answer, AsyncRequest, AsyncResponseRoute
from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    Principal,
    ReadSession,
    Router,
    WriteSession,
)
from openiom.platform.pagination import Page, RawPageRequest, raw_page_request
from openiom.platform.request_values import RowId
from openiom.provider_contract import Outcome

from .fulfillment_port import NO_FULFILLMENT_ORDERS, FulfillmentProgressPort
from .promises import LateOrders
from .queries import (
    LINES_LIMIT,
    OrderFilter,
    count_matching,
    count_orders,
    get_order,
    list_lines,
    list_orders,
    order_timeline,
)
from .schemas import (
    BulkRequest,
    BulkResponse,
    BulkResult,
    CancelLinesRequest,
    MatchingOrders,
    OrderCheck,
    OrderCheckRequest,
    OrderCounts,
    OrderDetail,
    OrderLineRow,
    OrderMessage,
    OrderRow,
    OrdersAcknowledged,
    OrdersRequest,
    OrdersResponse,
    TagRequest,
    Timeline,
    UsedTags,
    UsedTagView,
)
from .service.apply_withdrawal import dismiss_differences
from .service.hold_cancel import (
    LineCancellation,
    cancel_lines,
    cancel_orders,
    hold_orders,
    release_holds,
)
from .service.order_check import check_order, next_manual_number
from .service.order_inbox import INTAKE_LIMIT, OrderInbox, order_messages, require_few
from .service.order_intake import IntakeRequest, OrderIntake
from .service.tag_orders import tag_orders, used_tags
from .sort_keys import SORT_KEYS

BULK_LIMIT = 1_000
IDS_LIMIT = 500

COUNT_LIMIT = 1_000

OrderPage = Annotated[RawPageRequest, Depends(raw_page_request())]


class OrderQuery(BaseModel):
    """Filters of the order list; all that are given must match."""

    ids: list[UUID] = Field(default=[], max_length=IDS_LIMIT, description="Only these orders")
    search: str = Field(
        "",
        description="Parts of a number, name, e-mail, phone number or city, or a whole external id",
    )
    state: str = ""
    instance: str = ""
    origin: str = ""
    source: str = Field("", description="Orders with a line served from this source")
    product: str = Field("", description="Orders with a line of this product")
    tag: str = Field("", description="Orders with this tag")
    waiting_for: str = Field(
        "", description="Orders of which a call waits for this provider instance, 10,000 at most"
    )
    manual_hold: bool = False
    source_changed: bool = Field(False, description="Orders with changes that came too late")
    late: bool = Field(
        False,
        description="Unshipped orders promised, or planned to ship, for a day that is over;"
        " 10,000 at most",
    )
    placed_from: Moment | None = None
    placed_to: Moment | None = None
    sort: Literal["", *SORT_KEYS.names] = Field(  # type: ignore[valid-type]
        "", description="What orders are sorted by; descending with a leading -"
    )

    def to_filter(self, late: LateOrders) -> OrderFilter:
        """Return the filter; `late` is the condition that orders are late now."""
        # PostgreSQL accepts no NUL in text; nothing contains one.
        search = self.search.replace("\x00", "")
        narrowed = {**self.model_dump(), "search": search, "late": late if self.late else None}
        return OrderFilter(**narrowed)


class OrderIntakeRoute(AsyncResponseRoute):
    """Creates orders, or acknowledges those of requests that prefer it."""

    def acknowledge(self, requests: Sequence[AsyncRequest]) -> Sequence[Answer]:
        """Store the orders of requests in the inbox, and acknowledge them."""
        inbox: OrderInbox = requests[0].request.app.state.order_inbox
        return inbox.acknowledge(requests)


def order_router(
    event_titles: Mapping[str, str],
    fulfillment: FulfillmentProgressPort = NO_FULFILLMENT_ORDERS,
) -> Router:
    """Return the routes below `/api/v1/orders`; `event_titles` are those of all packages.

    The application's `state.order_intake` receives orders.
    """
    router = Router(prefix="/api/v1/orders", tags=["orders"])
    # The first one, because a request is compared with the routes in their order.
    router.add_api_route(
        "",
        create_orders,
        methods=["POST"],
        status_code=202,
        route_class_override=OrderIntakeRoute,
    )
    router.add_api_route("", _find_orders(fulfillment), methods=["GET"])
    router.add_api_route("/messages", find_messages, methods=["GET"])
    router.add_api_route("/messages/{message}", read_message, methods=["GET"])
    router.add_api_route("/matching", _read_matching(fulfillment), methods=["GET"])
    router.add_api_route("/counts", read_counts, methods=["GET"])
    router.add_api_route("/lines", find_lines, methods=["GET"])
    router.add_api_route("/check", check, methods=["POST"])
    router.add_api_route("/hold", hold, methods=["POST"])
    router.add_api_route("/release", release, methods=["POST"])
    router.add_api_route("/cancel", cancel, methods=["POST"])
    router.add_api_route("/lines/cancel", cancel_units, methods=["POST"])
    router.add_api_route("/source-changes/dismiss", dismiss_source_changes, methods=["POST"])
    router.add_api_route("/tags", find_tags, methods=["GET"])
    router.add_api_route("/tags", change_tags, methods=["POST"])
    router.add_api_route("/{order_id}", _read_order(fulfillment), methods=["GET"])

    @router.get("/{order_id}/timeline")
    def read_timeline(
        order_id: UUID,
        principal: CurrentPrincipal,
        session: ReadSession,
        limit: Annotated[int, Query(ge=1, le=2000)] = 500,
    ) -> Timeline:
        """Events of an order and of what belongs to it, newest first."""
        principal.require("orders.read")
        return order_timeline(session, order_id, titles=event_titles, limit=limit)

    return router


def _find_orders(fulfillment: FulfillmentProgressPort) -> Callable[..., Page[OrderRow]]:
    def find_orders(
        query: Annotated[OrderQuery, Query()],
        paging: OrderPage,
        principal: CurrentPrincipal,
        session: ReadSession,
        now: Now,
    ) -> Page[OrderRow]:
        """Orders, newest first unless sorted otherwise."""
        principal.require("orders.read")
        chosen = query.to_filter(LateOrders(fulfillment, now))
        request = paging.keyed_by(*chosen.sorted_by.field_types)
        rows = list_orders(session, chosen, after=request.after, limit=request.fetch_limit)
        return request.page(rows, key=chosen.sorted_by.cursor)

    return find_orders


def _read_matching(fulfillment: FulfillmentProgressPort) -> Callable[..., MatchingOrders]:
    def read_matching(
        query: Annotated[OrderQuery, Query()],
        principal: CurrentPrincipal,
        session: ReadSession,
        now: Now,
    ) -> MatchingOrders:
        """The number of orders that match, counted up to 1,000."""
        principal.require("orders.read")
        chosen = query.to_filter(LateOrders(fulfillment, now))
        count = count_matching(session, chosen, limit=COUNT_LIMIT)
        return MatchingOrders(count=count, limit=COUNT_LIMIT)

    return read_matching


def create_orders(
    request: Request,
    body: OrdersRequest,
    principal: CurrentPrincipal,
    now: Now,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
    prefer: Annotated[
        str, Header(description="`respond-async` acknowledges the orders without receiving them")
    ] = "",
) -> OrdersResponse | OrdersAcknowledged:
    """Receive up to 500 orders; one result each by its index. A refused one stops no other.

    With an `Idempotency-Key`, the repeated request gets the same response and creates nothing.

    With `Prefer: respond-async`, the orders are stored, acknowledged and received later, in
    batches; the outcome of each is read at its `status_url`.
    """
    principal.require("orders.write")
    require_few(body)
    intake: OrderIntake = request.app.state.order_intake
    return intake.create(IntakeRequest(body, now, principal.name, idempotency_key))


def find_messages(
    principal: CurrentPrincipal,
    session: ReadSession,
    ids: Annotated[list[RowId] | None, Query(max_length=INTAKE_LIMIT)] = None,
) -> Page[OrderMessage]:
    """Return what became of acknowledged orders, by the ids of their messages; at most 500."""
    principal.require("orders.read")
    return Page(items=order_messages(session, ids or ()))


def read_message(message: RowId, principal: CurrentPrincipal, session: ReadSession) -> OrderMessage:
    """Return what became of an acknowledged order: received, processed, or parked and why."""
    principal.require("orders.read")
    found = order_messages(session, [message])
    if not found:
        raise NotFound(f"no order has been acknowledged with the message {message}")
    return found[0]


def check(
    body: OrderCheckRequest, principal: CurrentPrincipal, session: WriteSession
) -> OrderCheck:
    """Return the totals of an order and all its problems, without placing it.

    An order without a number is given one, which it keeps when it is placed.
    """
    principal.require("orders.write")
    number = str(body.order.get("number", "")) or next_manual_number(session)
    return check_order(session, {**body.order, "number": number}, number=number)


def read_counts(principal: CurrentPrincipal, session: ReadSession) -> OrderCounts:
    """Orders in each state, on manual hold, and stopped by a failed check."""
    principal.require("orders.read")
    return count_orders(session)


def find_lines(
    principal: CurrentPrincipal,
    session: ReadSession,
    ids: Annotated[list[UUID] | None, Query(max_length=LINES_LIMIT)] = None,
    order_number: str = "",
) -> Page[OrderLineRow]:
    """Order lines by their ids, or all lines of the orders with a number; at most 500."""
    principal.require("orders.read")
    return Page(items=list_lines(session, ids=ids or (), order_number=order_number))


def _read_order(fulfillment: FulfillmentProgressPort) -> Callable[..., OrderDetail]:
    def read_order(
        order_id: UUID, principal: CurrentPrincipal, session: ReadSession, now: Now
    ) -> OrderDetail:
        """One order with its lines, its state, the verdict on it, and what is possible now."""
        principal.require("orders.read")
        return get_order(session, order_id, now=now, fulfillment=fulfillment)

    return read_order


def hold(
    body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Place a manual hold on orders."""
    ids = require_bulk(principal, body.ids)
    return bulk_response(ids, hold_orders(session, ids, now, principal.name, reason=body.reason))


def release(
    body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Release manual holds; each order returns to the state it had before."""
    ids = require_bulk(principal, body.ids)
    return bulk_response(ids, release_holds(session, ids, now, principal.name, reason=body.reason))


def cancel(
    body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Cancel orders that are not yet in fulfillment."""
    ids = require_bulk(principal, body.ids)
    return bulk_response(ids, cancel_orders(session, ids, now, principal.name, reason=body.reason))


def cancel_units(
    body: CancelLinesRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Cancel open units of lines."""
    ids = require_bulk(principal, [line.id for line in body.lines])
    cancellations = [LineCancellation(line.id, line.quantity) for line in body.lines]
    outcomes = cancel_lines(session, cancellations, now, principal.name, reason=body.reason)
    return bulk_response(ids, outcomes)


def dismiss_source_changes(
    body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Remove the changes that came too late from orders; a person has dealt with them."""
    ids = require_bulk(principal, body.ids)
    return bulk_response(ids, dismiss_differences(session, ids, now, principal.name))


def find_tags(
    principal: CurrentPrincipal,
    session: ReadSession,
    search: Annotated[str, Query(max_length=100, description="Beginning of a tag")] = "",
) -> UsedTags:
    """The first 50 tags that orders have, by name."""
    principal.require("orders.read")
    tags = used_tags(session, beginning=search.replace("\x00", ""))
    return UsedTags(items=[UsedTagView(tag=one.tag, orders=one.orders) for one in tags])


def change_tags(
    body: TagRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Add tags to orders and remove others; tags are stored in lower case."""
    ids = require_bulk(principal, body.ids)
    outcomes = tag_orders(session, ids, now, principal.name, add=body.add, remove=body.remove)
    return bulk_response(ids, outcomes)


def require_bulk(principal: Principal, ids: Sequence[UUID]) -> list[UUID]:
    """Return the ids of a bulk action. Raise `Forbidden`, or `TooLarge` for more than 1,000."""
    principal.require("orders.write")
    if len(ids) > BULK_LIMIT:
        raise TooLarge(
            f"{len(ids)} are more than {BULK_LIMIT}", where="ids", remedy="send fewer at once"
        )
    return list(ids)


def bulk_response(ids: Sequence[UUID], outcomes: Sequence[Outcome]) -> BulkResponse:
    """Return one result per id."""
    results: list[BulkResult] = []
    for entity_id, outcome in zip(ids, outcomes, strict=True):
        results.append(BulkResult(id=entity_id, ok=outcome.ok, reason=outcome.reason))
    return BulkResponse(results=results)
