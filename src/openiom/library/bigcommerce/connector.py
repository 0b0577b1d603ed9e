"""All that is said to a BigCommerce store, and how orders are read without missing one."""

import hmac
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from openiom.kernel import Invalid, ProviderDown, ProviderRejected, Unauthenticated
from openiom.provider_contract import (
    Connection,
    MessagePage,
    ProbeResult,
    ProviderHttpClient,
    RawMessage,
    WebhookResult,
)

KEY_HEADER = "X-OpenIOM-Key"
SCOPE = "store/order/*"
_SHIPMENTS_AT_ONCE = 250
_LISTS = {"product": "v3/catalog/products", "customer": "v3/customers"}
_SETTLED = timedelta(seconds=3)
_START = datetime(2009, 1, 1, tzinfo=UTC)
_INCLUDE = {"include": "consignments.line_items", "consignment_structure": "object"}


class BigCommerce:
    """One store. Reads orders by modification time, then by id within one second."""

    def __init__(self, connection: Connection) -> None:
        given, parameters = connection.connection, connection.parameters
        self._http = ProviderHttpClient(
            f"{given['api_url'].rstrip('/')}/stores/{given['store_hash']}",
            report=connection.report,
            headers={"X-Auth-Token": given["access_token"]},
        )
        self._callback_url, self._webhook_key = (
            connection.callback_url,
            given.get("webhook_key", ""),
        )
        self._page: int = parameters["page_size"]
        self._wanted = {*parameters["take_in"], *parameters["watch"]}
        wanted_lists = {
            "product": parameters["read_catalog"],
            "customer": parameters["read_customers"],
        }
        self._lists = {kind: _LISTS[kind] for kind, wanted in wanted_lists.items() if wanted}

    def close(self) -> None:
        self._http.close()

    def probe(self) -> ProbeResult:
        """Whose store it is, and whether orders may be read and changed; sets the store's webhook up."""
        store = self._object(self._http.get("v2/store").body, "v2/store")
        granted: list[str] = []
        missing: list[str] = []
        for scope, allowed in (
            ("orders:read", self._may_read()),
            ("orders:write", self._may_write()),
        ):
            (granted if allowed else missing).append(scope)
        if not missing:
            self._ensure_webhook()
        return ProbeResult(str(store.get("name", "")), tuple(granted), tuple(missing))

    def _may_read(self) -> bool:
        return self._http.get("v2/orders", {"limit": 1}, accept=(403,)).status != 403

    def _may_write(self) -> bool:
        """Asks for a change of an order that cannot exist: refused for the scope, or for the order."""
        return (
            self._http.put("v2/orders/0", {"staff_notes": ""}, accept=(400, 403, 404, 422)).status
            != 403
        )

    def _ensure_webhook(self) -> None:
        if not (self._callback_url and self._webhook_key):
            return
        hooks = self._http.get("v3/hooks", {"destination": self._callback_url}, accept=(404,))
        known = [
            h
            for h in (hooks.body or {}).get("data", [])
            if h.get("destination") == self._callback_url
        ]
        hook = {
            "scope": SCOPE,
            "destination": self._callback_url,
            "is_active": True,
            "headers": {KEY_HEADER: self._webhook_key},
        }
        if not known:
            self._http.post("v3/hooks", hook)
        elif not known[0].get("is_active"):
            self._http.put(f"v3/hooks/{known[0]['id']}", hook)

    def receive(self, headers: Mapping[str, str], body: bytes) -> WebhookResult:
        """A webhook only says that an order changed; what it is now is read by the poll it asks for."""
        given = headers.get(KEY_HEADER.lower(), "")
        if not self._webhook_key or not hmac.compare_digest(
            given.encode(), self._webhook_key.encode()
        ):
            raise Unauthenticated(
                "the webhook does not carry this store's key", remedy=f"send {KEY_HEADER}"
            )
        try:
            scope = orjson.loads(body)["scope"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise Invalid(
                "is not a BigCommerce webhook", where="body", remedy="send scope and data"
            ) from None
        return WebhookResult((), poll_now=str(scope).startswith("store/order/"))

    def pull(self, kind: str, checkpoint: str) -> Iterator[MessagePage]:
        """Orders, and the catalog and customers where the parameters ask for them, changed since the checkpoint."""
        if kind == "order":
            return self._pull_orders(checkpoint)
        if kind not in self._lists:
            return _nothing()
        return self._pull_list(kind, self._lists[kind], checkpoint)

    def _pull_list(self, kind: str, path: str, checkpoint: str) -> Iterator[MessagePage]:
        """Pages of a v3 list, everything changed since the day of the last reading, which may bring some twice."""
        page, last, started = 1, 1, ""
        while page <= last:
            query = {
                "page": page,
                "limit": self._page,
                **({"date_modified:min": checkpoint} if checkpoint else {}),
            }
            answer = self._http.get(path, query)
            body = self._object(answer.body, path)
            started = started or _clock(answer.headers.get("date", "")).date().isoformat()
            rows, last = (
                body.get("data"),
                int((body.get("meta") or {}).get("pagination", {}).get("total_pages", 1)),
            )
            if not isinstance(rows, list):
                raise ProviderDown("answered no list of data", where=path)
            messages = [
                RawMessage(kind, str(row["id"]), row, version=_version(row))
                for row in rows
                if "id" in row
            ]
            page += 1
            yield MessagePage(messages, started if page > last else checkpoint)

    def _pull_orders(self, checkpoint: str) -> Iterator[MessagePage]:
        """Orders changed since the checkpoint, oldest change first.

        A full page may end within a second: what it holds of that second is read again, by id when the second
        alone fills a page. A second counts as finished once it lies some seconds back by the store's own clock.
        """
        at, after = _read(checkpoint)
        over = True  # a checkpoint within a second is kept only once that second was over
        while True:
            if after is not None:
                second = {"min_date_modified": _iso(at), "max_date_modified": _iso(at)}
                rows, now = self._orders(**second, min_id=after + 1, sort="id")
                if (
                    after == -1
                ):  # judged as its reading begins: later pages do not show what the first came too early for
                    over = now - at > _SETTLED
                if len(rows) == self._page:
                    after = int(rows[-1]["id"])
                    yield self._pulled(rows, at, after if over else -1)
                    continue
                at, after = (at + timedelta(seconds=1), None) if over else (at, None)
                yield self._pulled(rows, at, after)
                if not over:
                    return
                continue
            rows, now = self._orders(min_date_modified=_iso(at), sort="date_modified")
            if not rows:
                return
            last = _modified(rows[-1])
            if len(rows) < self._page:
                yield self._pulled(
                    rows, last + timedelta(seconds=1) if now - last > _SETTLED else last, None
                )
                return
            earlier = [row for row in rows if _modified(row) < last]
            at, after = last, None if earlier else -1
            yield self._pulled(earlier, at, after)

    def _orders(self, **query: Any) -> tuple[list[dict[str, Any]], datetime]:
        """A page, and what time the store's own clock shows; ours may be ahead of it."""
        answer = self._http.get("v2/orders", {**_INCLUDE, **query, "limit": self._page})
        rows = [] if answer.body is None else answer.body
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and "id" in row for row in rows
        ):
            raise ProviderDown(
                "answered something that is not a list of orders", where="GET v2/orders"
            )
        return rows, _clock(answer.headers.get("date", ""))

    def _pulled(self, rows: list[dict[str, Any]], at: datetime, after: int | None) -> MessagePage:
        wanted = [row for row in rows if row.get("status_id") in self._wanted]
        messages = [
            RawMessage(
                "order", str(row["id"]), parse_id(row), sequence=int(_modified(row).timestamp())
            )
            for row in wanted
        ]
        return MessagePage(messages, orjson.dumps({"since": _iso(at), "after": after}).decode())

    def shipments(self, order_id: str) -> list[dict[str, Any]]:
        """All shipments of an order; an order has rarely more than one page of them."""
        found: list[dict[str, Any]] = []
        for page in range(1, 1000):
            query = {"page": page, "limit": _SHIPMENTS_AT_ONCE}
            answer = self._http.get(f"v2/orders/{order_id}/shipments", query).body
            rows = answer if isinstance(answer, list) else []
            found += rows
            if len(rows) < _SHIPMENTS_AT_ONCE:
                break
        return found

    def create_shipment(self, order_id: str, shipment: Mapping[str, Any]) -> dict[str, Any]:
        path = f"v2/orders/{order_id}/shipments"
        return self._object(self._http.post(path, shipment).body, path)

    def set_status(self, order_id: str, status_id: int) -> dict[str, Any]:
        path = f"v2/orders/{order_id}"
        return self._object(self._http.put(path, {"status_id": status_id}).body, path)

    @staticmethod
    def _object(body: Any, path: str) -> dict[str, Any]:
        if not isinstance(body, dict):
            raise ProviderDown("answered something that is not an object", where=path)
        return body


def parse_id(row: Mapping[str, Any]) -> dict[str, Any]:
    """An order with its lines in one list under `products` and where it goes under `shipping_address`.

    The store nests lines in consignments: shipping, pickup or download. A pickup goes to its billing address' owner.
    """
    consignments = row.get("consignments") or {}
    groups = [*(consignments.get("shipping") or ()), *(consignments.get("pickups") or ())]
    groups += consignments.get("downloads") or ()
    products = [line for group in groups for line in group.get("line_items") or ()]
    shipping = consignments.get("shipping") or ()
    address = (
        {k: v for k, v in shipping[0].items() if k != "line_items"}
        if shipping
        else row.get("billing_address")
    )
    rest = {k: v for k, v in row.items() if k not in ("consignments", "products")}
    return {
        **rest,
        "products": products,
        "shipping_address": address,
        "consignment_count": len(groups),
    }


def _version(row: Mapping[str, Any]) -> str:
    """Two readings of the same product or customer are one message; the content decides where no date stands."""
    return str(row.get("date_modified", ""))


def connect(connection: Connection) -> BigCommerce:
    """A connector for one store. Raises Invalid for an address that is none."""
    return BigCommerce(connection)


def _read(checkpoint: str) -> tuple[datetime, int | None]:
    if not checkpoint:
        return _START, None
    kept = orjson.loads(checkpoint)
    return datetime.fromisoformat(kept["since"]), kept["after"]


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _modified(row: Mapping[str, Any]) -> datetime:
    try:
        return parsedate_to_datetime(row["date_modified"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        raise ProviderRejected(
            f"order {row.get('id')} has no date_modified that can be read"
        ) from None


def _clock(date: str) -> datetime:
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)


def _nothing() -> Iterator[MessagePage]:
    """A list nobody asked for has no pages."""
    yield from ()
