"""Client of the BigCommerce API."""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from openiom.kernel import Invalid, ProviderDown, Unauthenticated
from openiom.provider_contract import (
    Connection,
    MessagePage,
    ProbeResult,
    ProviderHttpClient,
    RawMessage,
    WebhookResult,
)

from .order_contents import Row, StatusMeanings, withdrawal
from .order_payments import PaymentReading
from .order_reader import OrderPage, OrderReader

KEY_HEADER = "X-OpenIOM-Key"
WEBHOOK_SCOPE = "store/order/*"
ORDER_SCOPE_PREFIX = "store/order/"
ROWS_PER_PAGE = 250
MAX_PAGES = 1000
NO_SUCH_ORDER = "v2/orders/0"
LIST_PATHS = {"product": "v3/catalog/products", "customer": "v3/customers"}
INCLUDE = {"include": "consignments.line_items,fees", "consignment_structure": "object"}
REMOVED_SCOPES = ("store/order/archived", "store/order/deleted")


class BigCommerce:
    """Connector of one store."""

    def __init__(self, connection: Connection) -> None:
        values, parameters = connection.connection, connection.parameters
        self._http = ProviderHttpClient(
            f"{values['api_url'].rstrip('/')}/stores/{values['store_hash']}",
            report=connection.report,
            egress=connection.egress,
            headers={"X-Auth-Token": values["access_token"]},
        )
        self._callback_url = connection.callback_url
        self._webhook_key = values.get("webhook_key", "")
        self._page_size: int = parameters["page_size"]
        self._meanings = StatusMeanings(
            accept=frozenset(parameters["take_in"]),
            hold=frozenset(parameters["hold"]),
            cancel=frozenset(parameters["cancel"]),
        )
        self._payments: PaymentReading | None = None
        if parameters["read_payments"]:
            self._payments = PaymentReading(parameters["payment_instance"])

        self._lists: dict[str, str] = {}
        if parameters["read_catalog"]:
            self._lists["product"] = LIST_PATHS["product"]

        if parameters["read_customers"]:
            self._lists["customer"] = LIST_PATHS["customer"]

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def probe(self) -> ProbeResult:
        """Return the store and the scopes of the credential; register the webhook."""
        store = _object(self._http.get("v2/store").body, "v2/store")
        granted: list[str] = []
        missing: list[str] = []
        scopes = {"orders:read": self._can_read(), "orders:write": self._can_write()}

        for scope, allowed in scopes.items():
            (granted if allowed else missing).append(scope)

        if not missing:
            self._register_webhook()

        return ProbeResult(str(store.get("name", "")), tuple(granted), tuple(missing))

    def _can_read(self) -> bool:
        return self._http.get("v2/orders", {"limit": 1}, accept=(403,)).status != 403

    def _can_write(self) -> bool:
        """Return whether a change of an order that does not exist fails for another reason."""
        response = self._http.put(NO_SUCH_ORDER, {"staff_notes": ""}, accept=(400, 403, 404, 422))
        return response.status != 403

    def _register_webhook(self) -> None:
        if not self._callback_url or not self._webhook_key:
            return

        hook = {
            "scope": WEBHOOK_SCOPE,
            "destination": self._callback_url,
            "is_active": True,
            "headers": {KEY_HEADER: self._webhook_key},
        }

        registered = self._registered_webhook()
        if registered is None:
            self._http.post("v3/hooks", hook)
        elif not registered.get("is_active"):
            self._http.put(f"v3/hooks/{registered['id']}", hook)

    def _registered_webhook(self) -> Row | None:
        """Return the webhook of the store that calls this instance, None without one."""
        query = {"destination": self._callback_url}
        response = self._http.get("v3/hooks", query, accept=(404,))
        for registered in (response.body or {}).get("data", []):
            if registered.get("destination") == self._callback_url:
                return dict(registered)
        return None

    def receive(self, headers: Mapping[str, str], body: bytes) -> WebhookResult:
        """Verify a webhook call.

        A webhook only says that an order changed; the poll it requests reads the order. An order
        that was archived or deleted is not listed any more, so its webhook cancels it.
        """
        key = headers.get(KEY_HEADER.lower(), "")
        is_valid = hmac.compare_digest(key.encode(), self._webhook_key.encode())
        if not self._webhook_key or not is_valid:
            raise Unauthenticated(
                "the webhook does not have the key of this store", remedy=f"send {KEY_HEADER}"
            )

        try:
            webhook = orjson.loads(body)
            scope = str(webhook["scope"])
            messages = _removals(webhook) if scope in REMOVED_SCOPES else []
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise Invalid(
                "the body is not a BigCommerce webhook",
                where="body",
                remedy="send scope and data",
            ) from None

        return WebhookResult(messages, poll_now=scope.startswith(ORDER_SCOPE_PREFIX))

    def pull(self, kind: str, checkpoint: str) -> Iterator[MessagePage]:
        """Yield changes since the checkpoint: orders, and products and customers if enabled."""
        if kind == "order":
            reader = OrderReader(
                self._orders, self.order_lines, self._page_size, self._meanings, self._payments
            )
            yield from reader.pages(checkpoint)
        elif kind in self._lists:
            yield from self._list_pages(kind, self._lists[kind], checkpoint)

    def _list_pages(self, kind: str, path: str, checkpoint: str) -> Iterator[MessagePage]:
        """Yield pages of a v3 list, everything modified since the day of the last poll.

        A day is the resolution of the checkpoint, so some records are read twice; the inbox
        recognizes them.
        """
        page, last_page, started = 1, 1, ""
        while page <= last_page:
            query: dict[str, Any] = {"page": page, "limit": self._page_size}
            if checkpoint:
                query["date_modified:min"] = checkpoint

            response = self._http.get(path, query)
            body = _object(response.body, path)
            rows = body.get("data")
            if not isinstance(rows, list):
                raise ProviderDown("the response has no list of data", where=path)

            if not started:
                started = store_time(response.headers).date().isoformat()

            pagination = (body.get("meta") or {}).get("pagination", {})
            last_page = int(pagination.get("total_pages", 1))

            messages = _list_messages(kind, rows)
            page += 1
            yield MessagePage(messages, started if page > last_page else checkpoint)

    def _orders(self, query: Mapping[str, object]) -> OrderPage:
        response = self._http.get("v2/orders", {**INCLUDE, **query, "limit": self._page_size})
        rows = [] if response.body is None else response.body
        if not isinstance(rows, list):
            raise ProviderDown("the response is not a list of orders", where="GET v2/orders")
        for row in rows:
            if not isinstance(row, dict) or "id" not in row:
                raise ProviderDown("the response has an order without id", where="GET v2/orders")
        return OrderPage(rows, store_time(response.headers))

    def shipments(self, order_id: str) -> list[Row]:
        """Return all shipments of an order."""
        return self._rows(f"v2/orders/{order_id}/shipments")

    def order_lines(self, order_id: str) -> list[Row]:
        """Return all lines of an order."""
        return self._rows(f"v2/orders/{order_id}/products")

    def _rows(self, path: str) -> list[Row]:
        """Return all rows of a v2 list."""
        found: list[Row] = []
        for page in range(1, MAX_PAGES):
            rows = self._row_page(path, page)
            found += rows
            if len(rows) < ROWS_PER_PAGE:
                break
        return found

    def _row_page(self, path: str, page: int) -> list[Row]:
        body = self._http.get(path, {"page": page, "limit": ROWS_PER_PAGE}).body
        return body if isinstance(body, list) else []

    def create_shipment(self, order_id: str, shipment: Mapping[str, Any]) -> dict[str, Any]:
        """Create a shipment and return it."""
        path = f"v2/orders/{order_id}/shipments"
        return _object(self._http.post(path, shipment).body, path)

    def set_status(self, order_id: str, status_id: int) -> dict[str, Any]:
        """Set the status of an order and return the order."""
        path = f"v2/orders/{order_id}"
        return _object(self._http.put(path, {"status_id": status_id}).body, path)


def _list_messages(kind: str, rows: Sequence[Row]) -> list[RawMessage]:
    messages: list[RawMessage] = []
    for row in rows:
        if "id" in row:
            messages.append(RawMessage(kind, str(row["id"]), row, is_state=True))
    return messages


def _removals(webhook: Mapping[str, Any]) -> list[RawMessage]:
    """Return the message of a webhook about an order that is archived or deleted."""
    order = {"id": webhook["data"]["id"], "status": "Archived", "is_deleted": True}
    created_at = int(webhook.get("created_at") or 0)
    fallback = withdrawal(order, "cancel")
    key = str(order["id"])
    return [RawMessage("order", key, order, sequence=created_at, fallback=fallback)]


def _object(body: Any, path: str) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ProviderDown("the response is not an object", where=path)
    return body


def store_time(headers: Mapping[str, str]) -> datetime:
    """Return the time by the clock of the store, which may be behind ours."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)


def connect(connection: Connection) -> BigCommerce:
    """Return a connector for one store. Raises Invalid for an invalid address."""
    return BigCommerce(connection)
