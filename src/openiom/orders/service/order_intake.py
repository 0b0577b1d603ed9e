"""Orders that concurrent requests create, received in one transaction.

A client that sends one order a call pays for a transaction, a commit and two dozen statements each
time. Requests that arrive while another transaction runs are received together in the next one, so
that they share its statements and its commit. A request returns once its orders are committed.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from openiom.orders.schemas import OrderResult, OrdersRequest, OrdersResponse, ProblemResponse
from openiom.platform.database import Database, to_json
from openiom.platform.group_commit import GroupCommit
from openiom.platform.retry import retry_transient
from openiom.provider_contract import DocumentReceiver, InboundDocument, IntakeResult

from .idempotency import store_response, stored_response
from .receive_orders import receive_orders

SHARED_REQUESTS = 64
"""Requests that share a transaction at most."""
SHARED_ORDERS = 10
"""Orders of a request that shares its transaction; with more it has one of its own."""


class IntakeRequest(NamedTuple):
    """The orders of one request."""

    body: OrdersRequest
    now: datetime
    principal: str
    idempotency_key: str | None = None


class OrderIntake:
    """Receives the orders of requests, those of concurrent small requests together."""

    def __init__(self, database: Database, receive: DocumentReceiver = receive_orders) -> None:
        self._database = database
        self._receive = receive
        self._calls = GroupCommit[IntakeRequest, OrdersResponse](self._run, limit=SHARED_REQUESTS)

    def create(self, request: IntakeRequest) -> OrdersResponse:
        """Receive the orders of a request; return one result each once they are committed.

        A request with a known idempotency key gets the response it had before.

        Raises:
            Refused: The key was used for another request.
        """
        if len(request.body.orders) > SHARED_ORDERS:
            return self._run([request])[0]
        return self._calls.submit(request)

    def _run(self, requests: Sequence[IntakeRequest]) -> list[OrdersResponse]:
        """Receive the orders of all requests; return one response per request, in order."""
        return retry_transient(
            self._database, lambda session: self._receive_requests(session, requests)
        )

    def _receive_requests(
        self, session: Session, requests: Sequence[IntakeRequest]
    ) -> list[OrdersResponse]:
        responses: list[OrdersResponse] = []
        for (principal, key), alike in groupby(requests, key=_principal_and_key):
            together = list(alike)
            if key:
                responses += [self._receive_once(session, request, key) for request in together]
            else:
                responses += self._receive_together(session, together, principal)

        return responses

    def _receive_together(
        self, session: Session, requests: Sequence[IntakeRequest], principal: str
    ) -> list[OrdersResponse]:
        """Receive the orders of requests of one principal by the same statements."""
        documents = _inbound_documents(requests)
        now = max(request.now for request in requests)
        results = iter(self._receive(session, documents, now, principal))
        return [_response(request.body.orders, results) for request in requests]

    def _receive_once(self, session: Session, request: IntakeRequest, key: str) -> OrdersResponse:
        """Receive the orders of a request, or return the stored response to its key."""
        digest = sha256(to_json(request.body.model_dump(mode="json"))).hexdigest()
        known = stored_response(session, principal=request.principal, key=key, digest=digest)
        if known is not None:
            return OrdersResponse.model_validate(known)

        [response] = self._receive_together(session, [request], request.principal)
        store_response(
            session,
            principal=request.principal,
            key=key,
            digest=digest,
            response=response.model_dump(mode="json"),
            now=request.now,
        )
        return response


def _principal_and_key(request: IntakeRequest) -> tuple[str, str]:
    return request.principal, request.idempotency_key or ""


def _inbound_documents(requests: Sequence[IntakeRequest]) -> list[InboundDocument]:
    """Return the orders of requests, in the sequence of the requests."""
    documents: list[InboundDocument] = []
    for request in requests:
        for order in request.body.orders:
            documents.append(InboundDocument(0, request.body.instance, order))
    return documents


def _response(
    orders: Sequence[Mapping[str, Any]], results: Iterator[IntakeResult]
) -> OrdersResponse:
    """Return the response to a request; its results are the next ones of `results`."""
    answered = []
    for index, order in enumerate(orders):
        answered.append(_order_result(index, str(order.get("number", "")), next(results)))

    return OrdersResponse(results=answered)


def _order_result(index: int, number: str, result: IntakeResult) -> OrderResult:
    if not result.ok:
        problem = ProblemResponse(what=result.error, where=result.where, remedy=result.remedy)
        return OrderResult(index=index, ok=False, problem=problem)
    return OrderResult(
        index=index,
        ok=True,
        id=result.entity_id,
        number=number,
        duplicate=result.duplicate,
        ignored=result.ignored,
    )
