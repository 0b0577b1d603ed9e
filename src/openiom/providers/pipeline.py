"""What every part of the data pipeline needs at hand: the catalog, secrets, open connectors and the call log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from pydantic import SecretStr, ValidationError
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
    OutsideCall,
    Provider,
    ProviderAction,
)

KIND = "provider_instance"


class CallLog:
    """Outside calls gathered in memory and written many at a time, so that logging never slows a call."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: list[tuple[str, OutsideCall]] = []

    def add(self, instance: str, call: OutsideCall) -> None:
        with self._lock:
            self._calls.append((instance, call))

    def flush(self, database: Database) -> None:
        """Write what was gathered."""
        with self._lock:
            calls, self._calls = self._calls, []
        if not calls:
            return
        columns = ("instance", "method", "url", "status", "milliseconds", "started_at", "attempt", "error")
        with database.unit_of_work() as session:
            copy_rows(
                session,
                "providers.outside_call",
                columns,
                (
                    (name, c.method, c.url, c.status, c.milliseconds, c.started_at, c.attempt, c.error[:2000])
                    for name, c in calls
                ),
            )


@dataclass(frozen=True)
class Opened:
    """An instance ready for use: its provider, its connector, and its compiled transformations."""

    name: str
    version: int
    provider: Provider
    connector: Connector
    mapping_group: str
    transformations: Mapping[str, Transformation]

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


@dataclass
class Pipeline:
    """One per process, made by `build()`."""

    catalog: Mapping[str, Provider]
    secrets: Secrets
    receivers: Mapping[str, DocumentReceiver]
    public_url: str = ""
    message_limit_bytes: int = 2_000_000
    calls: CallLog = field(default_factory=CallLog)
    _opened: dict[str, Opened] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def provider(self, name: str) -> Provider:
        if name not in self.catalog:
            raise NotFound(f"no provider {name!r} in the library", remedy="known: " + ", ".join(sorted(self.catalog)))
        return self.catalog[name]

    def open(self, session: Session, instance: str) -> Opened:
        """The instance in its current version; connectors are kept until the document changes."""
        document = get_document(session, KIND, instance)
        with self._lock:
            kept = self._opened.get(instance)
            if kept is None or kept.version != document.version:
                if kept is not None:
                    kept.connector.close()
                kept = self._open(document)
                self._opened[instance] = kept
            return kept

    def _open(self, document: Document) -> Opened:
        body = document.body
        provider = self.provider(body["provider"])
        stored: dict[str, str] = body.get("connection", {})
        secret = secret_fields(provider)
        opened = {
            k: self.secrets.open(v, name=f"{document.name}, connection.{k}") if k in secret and v else v
            for k, v in stored.items()
        }
        connector = provider.connect(
            Connection(
                instance=document.name,
                connection=plain(provider.connection, opened, f"{document.name}, connection"),
                parameters=plain(provider.parameters, body.get("parameters", {}), f"{document.name}, parameters"),
                report=lambda call: self.calls.add(document.name, call),
                callback_url=f"{self.public_url}/hooks/{document.name}" if self.public_url else "",
            )
        )
        return Opened(
            name=document.name,
            version=document.version,
            provider=provider,
            connector=connector,
            mapping_group=body.get("mapping_group", ""),
            transformations=compiled(provider, body.get("transformations", {})),
        )

    def close(self) -> None:
        with self._lock:
            for opened in self._opened.values():
                opened.connector.close()
            self._opened.clear()


def secret_fields(provider: Provider) -> set[str]:
    """Names of the connection's secrets."""
    return {name for name, field in provider.connection.model_fields.items() if _is_secret(field.annotation)}


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())


def plain(model: Any, values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Values with the model's defaults, secrets opened. Raises Invalid with every problem."""
    try:
        checked = model.model_validate(dict(values))
    except ValidationError as error:
        problems = [Problem(f"{where}.{'.'.join(map(str, e['loc']))}", e["msg"]) for e in error.errors()]
        raise Invalid("the connection or its parameters are not valid", where=where, problems=problems) from None
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
