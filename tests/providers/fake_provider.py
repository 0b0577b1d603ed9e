"""A provider small enough to read at a glance, and a room that writes down what it was handed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from cryptography.fernet import Fernet
from pydantic import BaseModel, SecretStr
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, Unauthenticated
from openiom.platform.bulk import execute
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database, to_json_text
from openiom.platform.events import utc_now
from openiom.platform.secrets import Secrets
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
from openiom.providers import MAPPING_KIND, ProviderRegistry, instance_kind

TRANSFORMATION = {
    "source": "tiny.note",
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
    "target": "tiny.parcel",
    "fields": [
        {"path": "number", "expression": "number", "required": True},
        {"path": "sku", "expression": "fallback"},
    ],
    "keys": {"product": [{"field": "sku", "value": "product", "into": "sku"}]},
}


class TinyConnection(BaseModel, extra="forbid"):
    url: str = "http://127.0.0.1"
    api_key: SecretStr


class TinyParameters(BaseModel, extra="forbid"):
    greeting: str = "hello"


@dataclass
class Outside:
    """The system behind the provider, as a test wants it to behave."""

    probe: Callable[[], ProbeResult] = lambda: ProbeResult("Tiny Inc", ("read", "write"))
    pages: Callable[[str], Iterator[MessagePage]] = lambda checkpoint: iter(())
    answer: Callable[[Sequence[Call]], Sequence[CallResult]] = lambda calls: [
        CallResult(c.key) for c in calls
    ]
    batches: list[list[str]] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    closed: int = 0


class TinyConnector:
    def __init__(self, outside: Outside, connection: Connection) -> None:
        self.outside, self.connection = outside, connection

    def probe(self) -> ProbeResult:
        return self.outside.probe()

    def pull(self, kind: str, checkpoint: str) -> Iterator[MessagePage]:
        return self.outside.pages(checkpoint)

    def receive(self, headers: Mapping[str, str], body: bytes) -> WebhookResult:
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
        self.outside.closed += 1


def tiny_provider(
    outside: Outside, *, batch: int = 3, concurrency: int = 4, timeout_seconds: int = 20
) -> Provider:
    def connect(connection: Connection) -> TinyConnector:
        outside.connections.append(connection)
        return TinyConnector(outside, connection)

    def run(connector: Any, calls: Sequence[Call]) -> Sequence[CallResult]:
        outside.batches.append([call.key for call in calls])
        return outside.answer(calls)

    send = ProviderAction(
        "send",
        "Send a parcel",
        "fulfillment_order",
        OUTBOUND,
        run,
        succeeded="fulfillment_order.sent",
        failed="fulfillment_order.sent.failed",
        batch=batch,
        concurrency=concurrency,
        timeout_seconds=timeout_seconds,
    )
    return Provider(
        name="tiny",
        title="Tiny",
        category="order_intake",
        description="For tests.",
        connection=TinyConnection,
        parameters=TinyParameters,
        connect=connect,
        messages=(
            MessageKind("note", "Note", "note", TRANSFORMATION, polled=True),
            MessageKind("orphan", "Orphan", "nobody", TRANSFORMATION),
        ),
        actions=(send,),
        mappings=("product",),
    )


@dataclass
class Room:
    """Takes notes in; each becomes a row. Some texts it refuses, one breaks it."""

    waves: list[int] = field(default_factory=list)

    def receive(
        self, session: Session, arrived: Sequence[InboundDocument], now: datetime, actor: str
    ) -> Sequence[IntakeResult]:
        self.waves.append(len(arrived))
        answers = []
        for one in arrived:
            text = one.document["text"]
            if text == "refuse":
                answers.append(
                    IntakeResult(
                        False,
                        error="the room does not want it",
                        where="text",
                        remedy="say it nicely",
                    )
                )
                continue
            row = (
                one.message_id,
                one.instance,
                one.document["external_id"],
                to_json_text(one.document),
            )
            execute(session, "INSERT INTO public.taken_note VALUES (%s, %s, %s, %s)", row)
            answers.append(
                IntakeResult(True, entity_id=f"note-{one.message_id}", duplicate=text == "again")
            )
        if any(one.document["text"] == "break" for one in arrived):
            raise RuntimeError("the room broke")
        return answers


@dataclass
class House:
    """A pipeline around the tiny provider, with its configuration."""

    database: Database
    outside: Outside
    registry: ProviderRegistry
    room: Room
    configuration: Configuration

    def apply(self, *documents: dict[str, Any]) -> None:
        with self.database.unit_of_work() as session:
            self.configuration.apply(session, documents, at=utc_now(), actor="tester")

    def install(self, name: str = "shop", **body: Any) -> None:
        given = {
            "provider": "tiny",
            "title": name.title(),
            "connection": {"api_key": "s3cret"},
            **body,
        }
        self.apply({"kind": "provider_instance", "name": name, "body": given})

    def map(self, value: str, internal: str, **more: Any) -> None:
        body = {"table": "product", "field": "sku", "value": value, "internal": internal, **more}
        self.apply({"kind": "mapping", "name": f"{value}/{more}", "body": body})

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.database.reading() as session:
            return list(map(tuple, session.connection().exec_driver_sql(query, values).all()))

    def states(self) -> dict[str, int]:
        return dict(self.rows("SELECT state, count(*) FROM providers.message GROUP BY 1"))  # type: ignore[arg-type]


def make_house(database: Database, **provider: Any) -> House:
    outside, room = Outside(), Room()
    registry = ProviderRegistry(
        catalog={"tiny": tiny_provider(outside, **provider)},
        secrets=Secrets([Fernet.generate_key().decode()]),
        receivers={"note": room.receive},
        public_url="http://127.0.0.1:8000",
        message_limit_bytes=10_000,
    )
    configuration = Configuration()
    configuration.register(instance_kind(registry), MAPPING_KIND)
    with database.unit_of_work() as session:
        execute(session, "DROP TABLE IF EXISTS public.taken_note")
        columns = "message bigint, instance text, external_id text, document jsonb"
        execute(session, f"CREATE TABLE public.taken_note ({columns})")
    return House(database, outside, registry, room, configuration)
