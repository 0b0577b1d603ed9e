"""Client of the demo 3PL's API, and its callbacks."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from openiom.kernel import Invalid, ProviderDown, Unauthenticated
from openiom.provider_contract import (
    Connection,
    MessagePage,
    ProbeResult,
    ProviderHttpClient,
    RawMessage,
    WebhookResult,
)

REQUIRED_SCOPES = ("orders:read", "orders:write", "events:read")
EVENTS_PER_PAGE = 1000


class DemoFulfillmentConnection(BaseModel):
    """An account of the 3PL."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, description="Address of the 3PL's API")
    token: SecretStr = Field(description="Bearer token of the account")
    callback_secret: SecretStr = Field(
        SecretStr(""), description="Signs callbacks; callbacks are off when it is empty"
    )


class DemoFulfillmentParameters(BaseModel):
    """Parameters of an instance."""

    model_config = ConfigDict(extra="forbid")

    set_callback: bool = Field(
        True, description="Register the callback address with the 3PL at every probe"
    )


class DemoFulfillment:
    """Connector of one 3PL account."""

    def __init__(self, connection: Connection) -> None:
        values = connection.connection
        self._http = ProviderHttpClient(
            values["url"],
            report=connection.report,
            egress=connection.egress,
            headers={"Authorization": f"Bearer {values['token']}"},
        )
        self._secret: str = values.get("callback_secret", "")
        self._callback_url = (
            connection.callback_url if connection.parameters["set_callback"] else ""
        )

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def probe(self) -> ProbeResult:
        """Return the account and its scopes; register the callback address."""
        account = _object(self._http.get("v1/account").body)
        scopes = tuple(str(scope) for scope in account.get("scopes", ()))
        missing = tuple(scope for scope in REQUIRED_SCOPES if scope not in scopes)
        if self._callback_url and self._secret and not missing:
            self._http.put("v1/callback", {"url": self._callback_url, "secret": self._secret})
        return ProbeResult(str(account.get("name", "")), scopes, missing)

    def create(self, key: str, order: Mapping[str, Any]) -> dict[str, Any]:
        """Create one order. A repeated key returns the order that was created first."""
        return _object(self._http.post("v1/orders", order, headers={"Idempotency-Key": key}).body)

    def create_many(self, orders: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Create up to 100 orders, each with its `idempotency_key`; one result per order."""
        response = _object(self._http.post("v1/orders/bulk", {"orders": list(orders)}).body)
        results = _bulk_results(response, len(orders))
        return [_object(result) for result in results]

    def cancel(self, order_id: str) -> dict[str, Any]:
        """Cancel an order by the id of the 3PL."""
        return _object(self._http.post(f"v1/orders/{order_id}/cancel", {}).body)

    def _events_after(self, after: int) -> dict[str, Any]:
        """Return a response with a list of events."""
        query = {"after": after, "limit": EVENTS_PER_PAGE}
        response = _object(self._http.get("v1/events", query).body)
        if not isinstance(response.get("events"), list):
            raise ProviderDown("the response has no list of events", where="v1/events")
        return response

    def pull(self, kind: str, checkpoint: str) -> Iterator[MessagePage]:
        """Yield the events after the checkpoint, for callbacks that were lost."""
        after = int(checkpoint or 0)
        while True:
            response = self._events_after(after)
            events = response["events"]
            if not events:
                return

            try:
                after = int(response["next_after"])
                messages = [_message(event) for event in events]
            except (KeyError, TypeError, ValueError):
                raise ProviderDown(
                    "the response has events without id, order or cursor", where="v1/events"
                ) from None

            yield MessagePage(messages, str(after))
            if not response.get("has_more"):
                return

    def receive(self, headers: Mapping[str, str], body: bytes) -> WebhookResult:
        """Verify and parse a signed batch of events."""
        expected = "sha256=" + hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
        signature = headers.get("x-signature", "")
        if not self._secret or not hmac.compare_digest(signature.encode(), expected.encode()):
            raise Unauthenticated(
                "the signature does not match the body", remedy="sign with the callback secret"
            )

        try:
            events = orjson.loads(body)["events"]
            return WebhookResult([_message(event) for event in events])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise Invalid(
                "the body is not a batch of events", where="body", remedy='send {"events": [...]}'
            ) from None


def _message(event: Mapping[str, Any]) -> RawMessage:
    """Return an event as a message; the events of one order are processed in order of arrival."""
    return RawMessage(
        "fulfillment_update", str(event["order"]["reference"]), event, version=str(event["id"])
    )


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ProviderDown("the response is not an object")
    return body


def _bulk_results(response: Mapping[str, Any], count: int) -> list[Any]:
    results = response.get("results")
    if not isinstance(results, list) or len(results) != count:
        raise ProviderDown(
            f"the response has no result for each of {count} orders",
            where="v1/orders/bulk",
        )
    return results


def connect(connection: Connection) -> DemoFulfillment:
    """Return a connector for one account. Raises Invalid for an invalid address."""
    return DemoFulfillment(connection)
