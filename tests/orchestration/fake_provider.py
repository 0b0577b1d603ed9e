"""A provider without a network: it remembers every key and answers as a test wants."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from openiom.kernel import ProviderError
from openiom.provider_contract import (
    Call,
    CallResult,
    Connection,
    ProbeResult,
    Provider,
    ProviderAction,
)

INSTANCES = ("east", "west")
TRANSFORMATION = {
    "source": "item",
    "target": "request",
    "fields": [
        {"path": "id", "expression": "id", "required": True},
        {"path": "sku", "expression": "sku ?? number", "required": True},
    ],
}
Respond = Callable[[str, Sequence[Call]], Sequence[CallResult]]


class NoSettings(BaseModel, extra="forbid"):
    """The provider needs no settings."""


@dataclass
class FakeConnector:
    """A connector that knows which instance it belongs to."""

    instance: str

    def probe(self) -> ProbeResult:
        return ProbeResult("Sample Inc")

    def close(self) -> None:
        pass


@dataclass
class FakeProvider:
    """The system behind the provider. Repeating a key has no further effect there.

    effects      how often each key reached it
    requests     the keys of every bulk call
    errors       what it answers, by the id in the payload, until removed
    crashes      exceptions that end the caller before (`before`) or after (`after`) a call
    respond      what a call returns; replace it to interfere
    """

    effects: Counter[str] = field(default_factory=Counter)
    requests: list[list[str]] = field(default_factory=list)
    errors: dict[str, ProviderError] = field(default_factory=dict)
    crashes: dict[str, BaseException] = field(default_factory=dict)
    respond: Respond = field(init=False)

    def __post_init__(self) -> None:
        self.respond = self.answer

    def answer(self, instance: str, calls: Sequence[Call]) -> Sequence[CallResult]:
        """Carry the calls out, unless an error is set for their payload."""
        if "before" in self.crashes:
            raise self.crashes.pop("before")
        self.requests.append([call.key for call in calls])
        results = [self._result(call) for call in calls]
        if "after" in self.crashes:
            raise self.crashes.pop("after")
        return results

    def _result(self, call: Call) -> CallResult:
        id = call.payload["id"]
        if id in self.errors:
            return CallResult(call.key, error=self.errors[id])
        self.effects[call.key] += 1
        return CallResult(call.key, {"ok": True}, external_id="X-" + id[-4:])

    def provider(self) -> Provider:
        """The provider as the catalog knows it."""
        return Provider(
            name="sample",
            title="Sample",
            category="fulfillment",
            description="For tests.",
            connection=NoSettings,
            parameters=NoSettings,
            connect=connect,
            actions=(self._send(), self._notify()),
        )

    def _run(self, connector: Any, calls: Sequence[Call]) -> Sequence[CallResult]:
        return self.respond(connector.instance, calls)

    def _send(self) -> ProviderAction:
        return ProviderAction(
            name="send",
            title="Send",
            entity="item",
            transformation=TRANSFORMATION,
            run=self._run,
            succeeded="item.sent",
            failed="item.sent.failed",
            batch=100,
            max_attempts=3,
        )

    def _notify(self) -> ProviderAction:
        return ProviderAction(
            name="notify",
            title="Notify",
            entity="order",
            transformation=TRANSFORMATION,
            run=self._run,
            succeeded="order.notified",
            failed="order.notified.failed",
            batch=1,
            concurrency=8,
            max_attempts=3,
        )


def connect(connection: Connection) -> FakeConnector:
    """Connect to nothing."""
    return FakeConnector(connection.instance)


def instance_documents() -> list[dict[str, Any]]:
    """The configuration documents of the instances `east` and `west`."""
    documents = []
    for name in INSTANCES:
        body = {"provider": "sample", "title": name.title()}
        documents.append({"kind": "provider_instance", "name": name, "body": body})
    return documents
