"""What every part of the data pipeline needs at hand: the catalog, secrets, open connectors and the call log."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol

import psycopg
import structlog
from pydantic import SecretStr, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, NotFound, Problem
from openiom.platform.bulk import copy_rows
from openiom.platform.configuration import Document, get_document
from openiom.platform.database import Database
from openiom.platform.secrets import Secrets
from openiom.policies import Transformation, TransformationDocument
from openiom.provider_contract import (
    Connection,
    Connector,
    DocumentReceiver,
    MessageKind,
    OutboundRequest,
    Provider,
    ProviderAction,
)

KIND = "provider_instance"
log = structlog.get_logger("providers")


acting: ContextVar[str] = ContextVar("acting", default="")
"""What the calls of this thread are made for: the name of an action, `poll` or `probe`; for the call log only."""


class CallLog:
    """Outside calls gathered in memory and written many at a time, so that logging never slows a call.

    It is an aid for people, not a book of record: what cannot be written is dropped, never a result lost for it.
    """

    def __init__(self, *, most: int = 10_000) -> None:
        self._lock = Lock()
        self._calls: deque[tuple[str, str, OutboundRequest]] = deque(maxlen=most)

    def add(self, instance: str, call: OutboundRequest) -> None:
        with self._lock:
            self._calls.append((instance, acting.get(), call))

    def flush(self, database: Database) -> None:
        """Write what was gathered. Never raises."""
        with self._lock:
            calls = list(self._calls)
            self._calls.clear()
        if not calls:
            return
        columns = (
            "instance",
            "action",
            "method",
            "url",
            "status",
            "milliseconds",
            "started_at",
            "attempt",
            "error",
        )
        try:
            with database.unit_of_work() as session:
                rows = (
                    (
                        name,
                        what,
                        c.method,
                        c.url[:2000],
                        c.status,
                        c.milliseconds,
                        c.started_at,
                        c.attempt,
                        c.error[:2000],
                    )
                    for name, what, c in calls
                )
                copy_rows(session, "providers.outbound_request", columns, rows)
        except (SQLAlchemyError, psycopg.Error) as error:
            log.warning("call_log_lost", calls=len(calls), error=str(error)[:300])


@dataclass(frozen=True)
class ProviderInstance:
    """An instance ready for use: its provider, its connector, and its compiled transformations."""

    name: str
    version: int
    provider: Provider
    mapping_group: str
    transformations: Mapping[str, Transformation]
    connect: Callable[[], Connector]
    _lock: Lock = field(default_factory=Lock)
    _connected: list[Connector] = field(default_factory=list)

    @property
    def connector(self) -> Connector:
        """Made on first use: what arrived can be understood while a secret is missing. Raises Invalid."""
        with self._lock:
            if not self._connected:
                self._connected.append(self.connect())
            return self._connected[0]

    def close(self) -> None:
        with self._lock:
            for connector in self._connected:
                connector.close()
            self._connected.clear()

    def message_kind(self, name: str) -> MessageKind:
        for kind in self.provider.messages:
            if kind.name == name:
                return kind
        raise NotFound(f"{self.provider.title} has no message kind {name}", where=self.name)

    def action(self, name: str) -> ProviderAction:
        for action in self.provider.actions:
            if action.name == name:
                return action
        raise NotFound(f"{self.provider.title} has no action {name}", where=self.name)


class Suggester(Protocol):
    """What the room that knows our records offers: what an unknown outside key may have meant."""

    def __call__(
        self, session: Session, table: str, values: Sequence[str], /
    ) -> Mapping[str, Sequence[tuple[str, str, float]]]:
        """By value: (our name, label, score from 0 to 1), likeliest first."""


@dataclass
class ProviderRegistry:
    """One per process, made by `build()`. `suggests` are the mapping tables `suggest` knows."""

    catalog: Mapping[str, Provider]
    secrets: Secrets
    receivers: Mapping[str, DocumentReceiver]
    public_url: str = ""
    message_limit_bytes: int = 2_000_000
    suggest: Suggester | None = None
    suggests: frozenset[str] = frozenset({"account", "product", "unit", "currency", "price_list"})
    calls: CallLog = field(default_factory=CallLog)
    _opened: dict[str, ProviderInstance] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def provider(self, name: str) -> Provider:
        if name not in self.catalog:
            raise NotFound(
                f"no provider {name!r} in the library",
                remedy="known: " + ", ".join(sorted(self.catalog)),
            )
        return self.catalog[name]

    def open(self, session: Session, instance: str) -> ProviderInstance:
        """The instance in its current version; connectors are kept until the document changes."""
        document = get_document(session, KIND, instance)
        with self._lock:
            kept = self._opened.get(instance)
            if kept is None or kept.version != document.version:
                if kept is not None:
                    kept.close()
                kept = self._open(document)
                self._opened[instance] = kept
            return kept

    def _open(self, document: Document) -> ProviderInstance:
        body = document.body
        provider = self.provider(body["provider"])
        return ProviderInstance(
            name=document.name,
            version=document.version,
            provider=provider,
            mapping_group=body.get("mapping_group", ""),
            transformations=compiled(provider, body.get("transformations", {})),
            connect=lambda: self._connect(provider, document),
        )

    def _connect(self, provider: Provider, document: Document) -> Connector:
        """Open the secrets and make the connector. Raises Invalid naming the field, never its value."""
        stored: dict[str, str] = document.body.get("connection", {})
        secret = secret_fields(provider)
        opened = {
            k: self.secrets.open(v, name=f"{document.name}, connection.{k}")
            if k in secret and v
            else v
            for k, v in stored.items()
        }
        parameters = document.body.get("parameters", {})
        return provider.connect(
            Connection(
                instance=document.name,
                connection=plain(provider.connection, opened, f"{document.name}, connection"),
                parameters=plain(provider.parameters, parameters, f"{document.name}, parameters"),
                report=lambda call: self.calls.add(document.name, call),
                callback_url=f"{self.public_url}/hooks/{document.name}" if self.public_url else "",
            )
        )

    def close(self) -> None:
        with self._lock:
            for opened in self._opened.values():
                opened.close()
            self._opened.clear()


def secret_fields(provider: Provider) -> set[str]:
    """Names of the connection's secrets."""
    return {
        name
        for name, field in provider.connection.model_fields.items()
        if _is_secret(field.annotation)
    }


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())


def plain(model: Any, values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Values with the model's defaults, secrets opened. Raises Invalid with every problem."""
    try:
        checked = model.model_validate(dict(values))
    except ValidationError as error:
        problems = [
            Problem(f"{where}.{'.'.join(map(str, e['loc']))}", e["msg"]) for e in error.errors()
        ]
        raise Invalid(
            "the connection or its parameters are not valid", where=where, problems=problems
        ) from None
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in ((n, getattr(checked, n)) for n in model.model_fields)
    }


def compiled(provider: Provider, overrides: Mapping[str, Any]) -> dict[str, Transformation]:
    """Every transformation of the provider, the instance's own where it has one. Raises Invalid."""
    defaults = {f"message:{k.name}": k.transformation for k in provider.messages}
    defaults |= {f"action:{a.name}": a.transformation for a in provider.actions}
    return {
        name: Transformation(TransformationDocument.model_validate(overrides.get(name, body)))
        for name, body in defaults.items()
    }
