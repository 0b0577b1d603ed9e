"""Orders that are acknowledged before they are received.

A request that prefers it is answered once its orders are stored in the inbox, each as a message of
its own. The inbox worker receives them in batches, as it does those of stores; what became of an
order is read at the address of its message.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, IomError, Malformed, Problem, Refused, TooLarge
from openiom.orders.schemas import (
    AcknowledgedOrder,
    OrderMessage,
    OrdersAcknowledged,
    OrdersRequest,
    ProblemResponse,
)
from openiom.platform.async_responses import Acknowledgment, Answer, AsyncRequest
from openiom.platform.clock import utc_now
from openiom.platform.database import Database, from_json, to_json_text
from openiom.platform.http import Authenticator, Principal, credentials_of
from openiom.platform.request_values import check_body
from openiom.platform.retry import retry_transient
from openiom.providers import DirectDocument, StoredDocument, read_outcomes, store_documents

from .idempotency import KeyedRequest, check_same, store_responses, stored_responses

ORDER = "order"
"""Kind of the messages."""
DIRECT_INSTANCES = {"api": ORDER, "manual": ORDER}
"""The instances of programs that send orders to the API, with the kind of their messages."""
INTAKE_LIMIT = 500
"""Orders of one request at most."""
MESSAGES = "/api/v1/orders/messages"
IDEMPOTENCY_KEY = "idempotency-key"
LONGEST_KEY = 200


@dataclass(slots=True)
class _Incoming:
    """A request while it is acknowledged: what it holds, or why it is refused."""

    request: AsyncRequest
    principal: str = ""
    key: str = ""
    documents: list[DirectDocument] = field(default_factory=list)
    answer: Answer | None = None
    repeats: "_Incoming | None" = None


class OrderInbox:
    """Acknowledges requests that bring orders, those that arrive together in one transaction."""

    def __init__(self, database: Database, authenticate: Authenticator) -> None:
        self._database = database
        self._authenticate = authenticate

    def acknowledge(self, requests: Sequence[AsyncRequest]) -> list[Answer]:
        """Store the orders of requests; return an acknowledgment or a refusal of each, in order.

        With an idempotency key, a repeated request gets the acknowledgment it had before.
        """
        now = utc_now()

        def store(session: Session) -> list[Answer]:
            return self._store(session, requests, now)

        return retry_transient(self._database, store)

    def _store(
        self, session: Session, requests: Sequence[AsyncRequest], now: datetime
    ) -> list[Answer]:
        incoming = [_Incoming(request) for request in requests]
        self._admit(session, incoming)
        _answer_repeated(session, incoming)
        _store_documents(session, incoming, now)

        answers: list[Answer] = []
        for one in incoming:
            answer = one.answer if one.repeats is None else one.repeats.answer
            assert answer is not None
            answers.append(answer)
        return answers

    def _admit(self, session: Session, incoming: Sequence[_Incoming]) -> None:
        """Read the requests of principals that may bring orders; refuse the others."""
        principals: dict[tuple[str | None, ...], Principal | IomError] = {}
        for one in incoming:
            credentials = credentials_of(one.request.request)
            if credentials not in principals:
                principals[credentials] = self._principal(session, one.request)
            try:
                _read(one, principals[credentials])
            except IomError as error:
                one.answer = error

    def _principal(self, session: Session, request: AsyncRequest) -> Principal | IomError:
        try:
            principal = self._authenticate(request.request, session)
            principal.require("orders.write")
        except IomError as error:
            return error
        return principal


def _read(incoming: _Incoming, principal: Principal | IomError) -> None:
    """Read the orders of a request. Raise `IomError` for one that cannot be acknowledged."""
    if isinstance(principal, IomError):
        raise principal

    body = read_body(incoming.request.body)
    key = incoming.request.request.headers.get(IDEMPOTENCY_KEY, "")
    if len(key) > LONGEST_KEY:
        what = f"has {len(key)} characters"
        remedy = f"use at most {LONGEST_KEY} characters"
        raise Invalid(what, where="Idempotency-Key", remedy=remedy)

    incoming.principal, incoming.key = principal.name, key
    for order in body.orders:
        incoming.documents.append(_document(body.instance, order, principal.name))


def read_body(body: bytes) -> OrdersRequest:
    """Return the orders of a body, which are not checked yet.

    Raise `Malformed` for one that is no JSON, `Invalid`, and `TooLarge` for too many orders.
    """
    try:
        content = from_json(body)
    except ValueError as error:
        check_body(body)
        raise Malformed(
            f"is not JSON: {error}", where="body", remedy="send the orders as JSON"
        ) from None

    check_body(body)
    try:
        request = OrdersRequest.model_validate(content)
    except ValidationError as error:
        problems = []
        for fault in error.errors(include_url=False, include_context=False):
            where = ".".join(map(str, ("body", *fault["loc"])))
            problems.append(Problem(where, fault["msg"]))
        raise Invalid(
            "the request is not valid", problems=problems, remedy="see /api/docs for its schema"
        ) from None

    require_few(request)
    return request


def require_few(request: OrdersRequest) -> None:
    """Raise `TooLarge` for more than 500 orders."""
    if len(request.orders) > INTAKE_LIMIT:
        raise TooLarge(
            f"{len(request.orders)} orders are more than {INTAKE_LIMIT}",
            where="orders",
            remedy="send fewer",
        )


def _document(instance: str, order: Mapping[str, Any], sender: str) -> DirectDocument:
    """Return the message of an order. Its key is its external id, or its hash without one."""
    payload = to_json_text(order)
    key = order.get("external_id")
    if not isinstance(key, str) or not key.strip():
        key = sha256(payload.encode()).hexdigest()
    return DirectDocument(instance, DIRECT_INSTANCES[instance], key, payload, sender)


def _answer_repeated(session: Session, incoming: Sequence[_Incoming]) -> None:
    """Answer requests whose idempotency key was used before, also by another one of these."""
    keyed = [one for one in incoming if one.key and one.answer is None]
    stored = stored_responses(session, [_keyed(one) for one in keyed])
    first: dict[tuple[str, str], _Incoming] = {}
    for one in keyed:
        request = _keyed(one)
        try:
            if request.identity in stored:
                response = stored[request.identity].to(request)
                one.answer = _acknowledgment(OrdersAcknowledged.model_validate(response))
            else:
                _link_repeated(one, request, first.setdefault(request.identity, one))
        except Refused as error:
            one.answer = error


def _link_repeated(incoming: _Incoming, request: KeyedRequest, first: _Incoming) -> None:
    """Link a request to the first one with its key. Raise `Refused` when they differ."""
    if first is not incoming:
        check_same(_digest(first), request)
        incoming.repeats = first


def _keyed(incoming: _Incoming) -> KeyedRequest:
    return KeyedRequest(incoming.principal, incoming.key, _digest(incoming))


def _digest(incoming: _Incoming) -> str:
    """Return the hash of a request; it differs from that of the same one without preference."""
    return sha256(b"respond-async:" + incoming.request.body).hexdigest()


def _store_documents(session: Session, incoming: Sequence[_Incoming], now: datetime) -> None:
    """Store the orders of all requests that have no answer yet, and acknowledge them."""
    new = [one for one in incoming if one.answer is None and one.repeats is None]
    stored = iter(store_documents(session, _documents_of(new), now=now))
    responses: list[tuple[KeyedRequest, Mapping[str, Any]]] = []
    for one in new:
        messages = [next(stored) for _ in one.documents]
        acknowledged = _acknowledged(messages)
        one.answer = _acknowledgment(acknowledged)
        if one.key:
            responses.append((_keyed(one), acknowledged.model_dump(mode="json")))

    store_responses(session, responses, now=now)


def _documents_of(incoming: Iterable[_Incoming]) -> list[DirectDocument]:
    """Return the orders of requests, in the sequence of the requests."""
    documents: list[DirectDocument] = []
    for one in incoming:
        documents += one.documents
    return documents


def order_messages(session: Session, ids: Sequence[int]) -> list[OrderMessage]:
    """Return what became of acknowledged orders, by the ids of their messages."""
    found = []
    outcomes = read_outcomes(session, ids, instances=list(DIRECT_INSTANCES), kind=ORDER)
    for outcome in outcomes:
        problem = None
        if outcome.error:
            problem = ProblemResponse(**outcome.error.model_dump())

        found.append(
            OrderMessage(
                message=outcome.id,
                instance=outcome.instance,
                external_id=outcome.key,
                state=outcome.state,
                received_at=outcome.received_at,
                processed_at=outcome.processed_at,
                deliveries=outcome.deliveries,
                order_id=outcome.entity_id or None,
                problem=problem,
            )
        )

    return found


def _acknowledged(messages: Sequence[StoredDocument]) -> OrdersAcknowledged:
    acknowledged = []
    for index, message in enumerate(messages):
        order = AcknowledgedOrder(
            index=index,
            message=str(message.id),
            status_url=f"{MESSAGES}/{message.id}",
            duplicate=message.is_repeated,
        )
        acknowledged.append(order)
    return OrdersAcknowledged(acknowledged=acknowledged)


def _acknowledgment(acknowledged: OrdersAcknowledged) -> Acknowledgment:
    """Return the response to a request; the location is that of its only order."""
    orders = acknowledged.acknowledged
    location = orders[0].status_url if len(orders) == 1 else ""
    return Acknowledgment(acknowledged.model_dump_json().encode(), location)
