"""HTTP routes of customer links, for people of the shop, and of the public pages of orders."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Header, Request
from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.kernel import Refused
from openiom.orders import ChangePorts, store_response, stored_response
from openiom.platform.database import to_json
from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router, WriteSession

from .customer_changes import (
    cancel,
    change_address,
    preview_address,
    preview_cancellation,
    start_return,
)
from .links import LinkSettings, opened_order, record_links, revoke_links
from .lookup import find_order
from .order_view import customer_order
from .schemas import (
    AddressChange,
    AddressPreviewRequest,
    Cancellation,
    CancelPreviewRequest,
    ChangeEffect,
    CustomerLinkView,
    CustomerOrder,
    LookupResult,
    OrderLookup,
    ReturnConfirmation,
    ReturnStart,
)

IdempotencyKey = Annotated[str | None, Header(max_length=200)]
Result = TypeVar("Result", bound=BaseModel)


def self_service_router(ports: ChangePorts, *, public_url: str, link_days: int) -> Router:
    """Return the routes of customer links, and those below `/api/v1/public/orders`."""
    settings = LinkSettings(public_url, timedelta(days=link_days))
    router = Router(prefix="/api/v1", tags=["self-service"])
    _add_links(router, settings)
    router.add_api_route("/public/orders/lookup", _look_up(settings), methods=["POST"])
    router.add_api_route("/public/orders/{token}", _read(ports), methods=["GET"])
    _add_address(router, ports)
    _add_cancellation(router, ports)
    _add_returns(router)
    return router


def _add_links(router: Router, settings: LinkSettings) -> None:
    @router.post("/orders/{order_id}/customer-link")
    def create_customer_link(
        order_id: UUID,
        request: Request,
        principal: CurrentPrincipal,
        session: WriteSession,
        now: Now,
    ) -> CustomerLinkView:
        """Create a link that opens an order for its customer."""
        principal.require("orders.write")
        record_links(session, [order_id], now, principal.name)
        link = settings.issue(request.app.state.links, order_id, now)
        return CustomerLinkView(url=link.url, expires_at=link.expires_at)

    @router.post("/orders/{order_id}/customer-link/revoke", status_code=204)
    def revoke_customer_links(
        order_id: UUID, principal: CurrentPrincipal, session: WriteSession, now: Now
    ) -> None:
        """Revoke every customer link of an order that was created until now."""
        principal.require("orders.write")
        revoke_links(session, [order_id], now, principal.name)


def _look_up(settings: LinkSettings) -> Callable[..., LookupResult]:
    def look_up_order(
        body: OrderLookup, request: Request, session: WriteSession, now: Now
    ) -> LookupResult:
        """Find an order by its number and its e-mail address or postal code.

        An unknown number and a wrong address have the same result; failures are followed by a
        delay.
        """
        address = request.client.host if request.client else ""
        order_id = find_order(session, body, address=address, now=now)
        if order_id is None:
            return LookupResult(token="")
        return LookupResult(token=settings.issue(request.app.state.links, order_id, now).token)

    return look_up_order


def _read(ports: ChangePorts) -> Callable[..., CustomerOrder]:
    def read_customer_order(
        token: str, request: Request, session: ReadSession, now: Now
    ) -> CustomerOrder:
        """The order that a link opens, as its customer sees it."""
        order_id = opened_order(session, request.app.state.links, token, now)
        return customer_order(session, order_id, now, ports)

    return read_customer_order


def _add_address(router: Router, ports: ChangePorts) -> None:
    @router.post("/public/orders/{token}/address/preview")
    def preview_customer_address(
        token: str, body: AddressPreviewRequest, request: Request, session: ReadSession, now: Now
    ) -> ChangeEffect:
        """What another address does to the money of the order."""
        order_id = opened_order(session, request.app.state.links, token, now)
        return preview_address(session, order_id, body, now, ports)

    @router.post("/public/orders/{token}/address")
    def change_customer_address(
        token: str,
        body: AddressChange,
        request: Request,
        session: WriteSession,
        now: Now,
        idempotency_key: IdempotencyKey = None,
    ) -> ChangeEffect:
        """Send the order to another address, while nothing of it is in preparation."""
        order_id = opened_order(session, request.app.state.links, token, now)
        once = _Once(session, order_id, idempotency_key, now)

        def run() -> ChangeEffect:
            return change_address(session, order_id, body, now, ports)

        return once.run("address", body, run, ChangeEffect)


def _add_cancellation(router: Router, ports: ChangePorts) -> None:
    @router.post("/public/orders/{token}/cancellation/preview")
    def preview_customer_cancellation(
        token: str, body: CancelPreviewRequest, request: Request, session: ReadSession, now: Now
    ) -> ChangeEffect:
        """What is paid back when quantities, or all of the order, are canceled."""
        order_id = opened_order(session, request.app.state.links, token, now)
        return preview_cancellation(session, order_id, body, now, ports)

    @router.post("/public/orders/{token}/cancellation")
    def cancel_as_customer(
        token: str,
        body: Cancellation,
        request: Request,
        session: WriteSession,
        now: Now,
        idempotency_key: IdempotencyKey = None,
    ) -> ChangeEffect:
        """Cancel quantities, or all of the order, while they are not in preparation."""
        order_id = opened_order(session, request.app.state.links, token, now)
        once = _Once(session, order_id, idempotency_key, now)

        def run() -> ChangeEffect:
            return cancel(session, order_id, body, now, ports)

        return once.run("cancellation", body, run, ChangeEffect)


def _add_returns(router: Router) -> None:
    @router.post("/public/orders/{token}/returns", status_code=201)
    def start_customer_return(
        token: str,
        body: ReturnStart,
        request: Request,
        session: WriteSession,
        now: Now,
        idempotency_key: IdempotencyKey = None,
    ) -> ReturnConfirmation:
        """Start a return, or declare a withdrawal; the response has its number and its time."""
        order_id = opened_order(session, request.app.state.links, token, now)
        once = _Once(session, order_id, idempotency_key, now)

        def run() -> ReturnConfirmation:
            return start_return(session, order_id, body, now)

        return once.run("returns", body, run, ReturnConfirmation)


class _Once:
    """Does what a customer requests once per idempotency key, which belongs to one order."""

    def __init__(self, session: Session, order_id: UUID, key: str | None, now: datetime) -> None:
        if not key:
            raise Refused(
                "the request has no Idempotency-Key",
                where="Idempotency-Key",
                remedy="send a new UUID with each request, and the same one with its repetition",
            )
        self._session = session
        self._principal = f"customer of {order_id}"
        self._key = key
        self._now = now

    def run(
        self, action: str, body: BaseModel, work: Callable[[], Result], kind: type[Result]
    ) -> Result:
        """Return the stored response to a repeated request; else do the work and store its own."""
        digest = sha256(to_json([action, body.model_dump(mode="json")])).hexdigest()
        stored = stored_response(
            self._session, principal=self._principal, key=self._key, digest=digest
        )
        if stored is not None:
            return kind.model_validate(stored)

        result = work()
        store_response(
            self._session,
            principal=self._principal,
            key=self._key,
            digest=digest,
            response=result.model_dump(mode="json"),
            now=self._now,
        )
        return result
