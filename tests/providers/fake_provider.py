"""A small provider with a scripted system behind it, and a receiver of its documents."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from cryptography.fernet import Fernet
from pydantic import BaseModel, SecretStr
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, Unauthenticated
from openiom.platform.batches import drain
from openiom.platform.bulk import execute
from openiom.platform.clock import utc_now
from openiom.platform.configuration import Configuration, DocumentKind
from openiom.platform.database import Database, to_json_text
from openiom.platform.secrets import AllowedReferences, Secrets
from openiom.provider_contract import (
    Call,
    CallResult,
    Connection,
    InboundDocument,
    IntakeResult,
    MessageKind,
    MessagePage,
    ProbeResult,
    Provider,
    ProviderAction,
    RawMessage,
    WebhookResult,
)
from openiom.providers import (
    MAPPING_KIND,
    ProviderRegistry,
    StoreResult,
    inbox_worker,
    instance_kind,
    store_messages,
)

TRANSFORMATION = {
    "source": "fake.note",
    "target": "note",
    "fields": [
        {"path": "external_id", "expression": "id == null ? null : string(id)", "required": True},
        {"path": "text", "expression": "text", "default": ""},
    ],
    "each": [
        {
            "path": "lines",
            "over": "items",
            "as": "item",
            "fields": [{"path": "quantity", "expression": "item.quantity"}],
        }
    ],
    "keys": {
        "product": [
            {
                "field": "sku",
                "value": "item.sku",
                "over": "items",
                "as": "item",
                "into": "lines[].product",
            }
        ]
    },
}
OUTBOUND = {
    "source": "fulfillment_order",
    "target": "fake.parcel",
    "fields": [
        {"path": "number", "expression": "number", "required": True},
        {"path": "sku", "expression": "fallback"},
    ],
    "keys": {"product": [{"field": "sku", "value": "product", "into": "sku"}]},
}


class FakeConnection(BaseModel, extra="forbid"):
    """Connection of the fake provider."""

    url: str = "http://127.0.0.1"
    api_key: SecretStr


class FakeParameters(BaseModel, extra="forbid"):
    """Parameters of the fake provider."""

    greeting: str = "hello"


@dataclass
class FakeSystem:
    """The system behind the provider. A test scripts its responses and reads its calls."""

    probe: Callable[[], ProbeResult] = lambda: ProbeResult("Fake Inc", ("read", "write"))
    pages: Callable[[str], Iterator[MessagePage]] = lambda checkpoint: iter(())
    answer: Callable[[Sequence[Call]], Sequence[CallResult]] = lambda calls: [
        CallResult(c.key) for c in calls
    ]
    batches: list[list[str]] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    closed: int = 0


class RecordBody(BaseModel):
    """Body of a record that mappings name."""


class FakeConnector:
    """Connector that passes every call to the scripted system."""

    def __init__(self, system: FakeSystem, connection: Connection) -> None:
        self.system, self.connection = system, connection

    def probe(self) -> ProbeResult:
        return self.system.probe()

    def pull(self, kind: str, checkpoint: str) -> Iterator[MessagePage]:
        return self.system.pages(checkpoint)

    def receive(self, headers: Mapping[str, str], body: bytes) -> WebhookResult:
        """Verify the key; `{"ping": true}` only announces changes."""
        if headers.get("x-key") != self.connection.connection["api_key"]:
            raise Unauthenticated(
                "the key in X-Key is wrong", remedy="send the key of this instance"
            )

        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Invalid(
                f"the body is not JSON: {error}", where="body", remedy="send JSON"
            ) from error

        if document.get("ping"):
            return WebhookResult((), poll_now=True)

        return WebhookResult(
            [RawMessage(document.get("kind", "note"), str(document["id"]), document)]
        )

    def close(self) -> None:
        self.system.closed += 1


def fake_provider(
    system: FakeSystem, *, batch: int = 3, concurrency: int = 4, timeout_seconds: int = 20
) -> Provider:
    """Return the provider; the arguments are those of its action `send`."""

    def connect(connection: Connection) -> FakeConnector:
        system.connections.append(connection)
        return FakeConnector(system, connection)

    def run(connector: Any, calls: Sequence[Call]) -> Sequence[CallResult]:
        system.batches.append([call.key for call in calls])
        return system.answer(calls)

    send = ProviderAction(
        "send",
        "Send a parcel",
        "fulfillment_order",
        OUTBOUND,
        run,
        succeeded="fulfillment_order.sent",
        failed="fulfillment_order.send_failed",
        batch=batch,
        concurrency=concurrency,
        timeout_seconds=timeout_seconds,
    )
    return Provider(
        name="fake",
        title="Fake",
        category="order_intake",
        description="For tests.",
        connection=FakeConnection,
        parameters=FakeParameters,
        connect=connect,
        messages=(
            MessageKind("note", "Note", "note", TRANSFORMATION, polled=True),
            MessageKind("orphan", "Orphan", "orphan", TRANSFORMATION),
        ),
        actions=(send,),
        mappings=("product",),
    )


@dataclass
class NoteReceiver:
    """Accepts notes into a table.

    It refuses the text `refuse`, ignores `ignore`, and raises on `break`.
    """

    batch_sizes: list[int] = field(default_factory=list)

    def receive(
        self, session: Session, documents: Sequence[InboundDocument], now: datetime, actor: str
    ) -> Sequence[IntakeResult]:
        self.batch_sizes.append(len(documents))
        results = [self._receive_one(session, document) for document in documents]
        if any(document.document["text"] == "break" for document in documents):
            raise RuntimeError("the receiver failed")
        return results

    def _receive_one(self, session: Session, inbound: InboundDocument) -> IntakeResult:
        text = inbound.document["text"]
        if text == "refuse":
            return IntakeResult(
                False, error="the note is not acceptable", where="text", remedy="change the text"
            )
        if text == "ignore":
            return IntakeResult(True, ignored=True)
        if text == "needs master data":
            return IntakeResult(False, error="no product LAMP", needs=(("product", "LAMP"),))

        execute(
            session,
            "INSERT INTO public.accepted_note (message, instance, external_id, document)"
            " VALUES (%s, %s, %s, %s)",
            (
                inbound.message_id,
                inbound.instance,
                inbound.document["external_id"],
                to_json_text(inbound.document),
            ),
        )
        return IntakeResult(True, entity_id=f"note-{inbound.message_id}", duplicate=text == "known")


@dataclass
class ProviderHarness:
    """The providers package around the fake provider, with its configuration."""

    database: Database
    system: FakeSystem
    registry: ProviderRegistry
    receiver: NoteReceiver
    configuration: Configuration

    def apply(self, *documents: dict[str, Any]) -> None:
        """Apply configuration documents."""
        with self.database.unit_of_work() as session:
            self.configuration.apply(session, documents, at=utc_now(), actor="tester")

    def install(self, name: str = "shop", **body: Any) -> None:
        """Install an instance of the fake provider."""
        full_body = {
            "provider": "fake",
            "title": name.title(),
            "connection": {"api_key": "s3cret"},
            **body,
        }
        self.apply({"kind": "provider_instance", "name": name, "body": full_body})

    def map(self, value: str, internal: str, **more: Any) -> None:
        """Map an external SKU to a product of ours."""
        body = {"table": "product", "field": "sku", "value": value, "internal": internal, **more}
        self.apply(
            {"kind": body["table"], "name": internal, "body": {}},
            {"kind": "mapping", "name": f"{value}/{more}", "body": body},
        )

    def create(self, *names: str, kind: str = "product") -> None:
        """Create records that mappings can name."""
        self.apply(*[{"kind": kind, "name": name, "body": {}} for name in names])

    def store(self, *messages: RawMessage, instance: str = "shop") -> StoreResult:
        """Store messages in the inbox."""
        limit = self.registry.message_limit_bytes
        with self.database.unit_of_work() as session:
            return store_messages(session, instance, messages, now=utc_now(), limit_bytes=limit)

    def process_inbox(self) -> int:
        """Run the inbox worker until no message waits; return the number of messages."""
        return drain(self.database, [inbox_worker(self.registry)])

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.database.reading() as session:
            return list(map(tuple, session.connection().exec_driver_sql(query, values).all()))

    def states(self) -> dict[str, int]:
        """Return the number of messages by state."""
        rows = self.rows("SELECT state, count(*) FROM providers.message GROUP BY state")
        return {state: count for state, count in rows}


def make_harness(database: Database, **provider: Any) -> ProviderHarness:
    """Return a harness; keyword arguments are those of `fake_provider`."""
    system, receiver = FakeSystem(), NoteReceiver()
    registry = ProviderRegistry(
        catalog={"fake": fake_provider(system, **provider)},
        secrets=Secrets(
            [Fernet.generate_key().decode()], AllowedReferences(("FAKE_*", "SHOP_KEY"))
        ),
        receivers={"note": receiver.receive},
        public_url="http://127.0.0.1:8000",
        message_limit_bytes=10_000,
    )
    configuration = Configuration()
    configuration.register(instance_kind(registry), MAPPING_KIND)
    for kind in ("product", "unit", "source"):
        configuration.register(DocumentKind(kind, RecordBody, 20))

    with database.unit_of_work() as session:
        execute(session, "DROP TABLE IF EXISTS public.accepted_note")
        columns = "message bigint, instance text, external_id text, document jsonb"
        execute(session, f"CREATE TABLE public.accepted_note ({columns})")

    return ProviderHarness(database, system, registry, receiver, configuration)


def note(
    number: int,
    *skus: str,
    text: str = "",
    sequence: int = 0,
    version: str = "",
    kind: str = "note",
) -> RawMessage:
    """Return a message with one item per SKU."""
    items = []
    for quantity, sku in enumerate(skus, start=1):
        items.append({"sku": sku, "quantity": quantity})

    payload = {"id": number, "text": text, "items": items}
    return RawMessage(kind, str(number), payload, version, sequence)
