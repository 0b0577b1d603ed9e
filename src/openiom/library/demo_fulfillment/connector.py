"""All that is said to the demo 3PL and heard from it."""

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

NEEDED = ("orders:read", "orders:write", "events:read")
_EVENTS_AT_ONCE = 1000


class DemoFulfillmentConnection(BaseModel):
    """An account of the 3PL."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, description="Address of the 3PL's API")
    token: SecretStr = Field(description="Bearer token of the account")
    callback_secret: SecretStr = Field(
        SecretStr(""), description="Signs callbacks; empty leaves them off"
    )


class DemoFulfillmentParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    set_callback: bool = Field(
        True, description="Tell the 3PL at every probe where to send its callbacks"
    )


class DemoFulfillment:
    """One 3PL account."""

    def __init__(self, connection: Connection) -> None:
        given = connection.connection
        self._http = ProviderHttpClient(
            given["url"],
            report=connection.report,
            headers={"Authorization": f"Bearer {given['token']}"},
        )
        self._secret: str = given.get("callback_secret", "")
        self._callback_url = (
            connection.callback_url if connection.parameters["set_callback"] else ""
        )

    def close(self) -> None:
        self._http.close()

    def probe(self) -> ProbeResult:
        """Whose account it is and what it may do; tells the 3PL where its callbacks go."""
        account = _object(self._http.get("v1/account").body)
        scopes = tuple(str(s) for s in account.get("scopes", ()))
        missing = tuple(s for s in NEEDED if s not in scopes)
        if self._callback_url and self._secret and not missing:
            self._http.put("v1/callback", {"url": self._callback_url, "secret": self._secret})
        return ProbeResult(str(account.get("name", "")), scopes, missing)

    def create(self, key: str, order: Mapping[str, Any]) -> dict[str, Any]:
        """One order; a repeated key answers the first one again."""
        return _object(self._http.post("v1/orders", order, headers={"Idempotency-Key": key}).body)

    def create_many(self, orders: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Up to 100 orders, each with its `idempotency_key`; one result each, in order."""
        answer = _object(self._http.post("v1/orders/bulk", {"orders": list(orders)}).body)
        results = answer.get("results")
        if not isinstance(results, list) or [type(r) for r in results] != [dict] * len(orders):
            raise ProviderDown(
                f"answered no result for each of {len(orders)} orders", where="v1/orders/bulk"
            )
        return results

    def cancel(self, order_id: str) -> dict[str, Any]:
        return _object(self._http.post(f"v1/orders/{order_id}/cancel", {}).body)

    def pull(self, kind: str, checkpoint: str) -> Iterator[MessagePage]:
        """Events after the checkpoint, for what callbacks did not bring."""
        after = int(checkpoint or 0)
        while True:
            answer = _object(
                self._http.get("v1/events", {"after": after, "limit": _EVENTS_AT_ONCE}).body
            )
            events = answer.get("events")
            if not isinstance(events, list):
                raise ProviderDown("answered no list of events", where="v1/events")
            if not events:
                return
            try:
                after, messages = int(answer["next_after"]), [_message(event) for event in events]
            except (KeyError, TypeError, ValueError):
                raise ProviderDown(
                    "answered events without id, order or cursor", where="v1/events"
                ) from None
            yield MessagePage(messages, str(after))
            if not answer.get("has_more"):
                return

    def receive(self, headers: Mapping[str, str], body: bytes) -> WebhookResult:
        """A signed batch of events."""
        expected = "sha256=" + hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
        if not self._secret or not hmac.compare_digest(
            headers.get("x-signature", "").encode(), expected.encode()
        ):
            raise Unauthenticated(
                "the signature does not fit the body", remedy="sign with the callback secret"
            )
        try:
            events = orjson.loads(body)["events"]
            return WebhookResult([_message(event) for event in events])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise Invalid(
                "is not a batch of events", where="body", remedy='send {"events": [...]}'
            ) from None


def _message(event: Mapping[str, Any]) -> RawMessage:
    """Each event is its own message; the events of one order are taken in the order they arrive."""
    return RawMessage(
        "fulfillment_update", str(event["order"]["reference"]), event, version=str(event["id"])
    )


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ProviderDown("answered something that is not an object")
    return body


def connect(connection: Connection) -> DemoFulfillment:
    """A connector for one account. Raises Invalid for an address that is none."""
    return DemoFulfillment(connection)
