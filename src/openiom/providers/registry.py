"""The registry of a process: its providers, secrets, open instances and call log."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import Any, Protocol

from pydantic import BaseModel, SecretStr, ValidationError
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, NotFound, Problem, ProviderDown
from openiom.platform.configuration import Document, get_document
from openiom.platform.installation import is_live
from openiom.platform.secrets import Secrets
from openiom.policies import (
    SHARED_EVALUATOR,
    DraftEvaluator,
    Transformation,
    TransformationDocument,
    Transformed,
    TransformFailure,
)
from openiom.provider_contract import (
    PUBLIC_ONLY,
    Connection,
    Connector,
    DocumentReceiver,
    EgressPolicy,
    MessageKind,
    Provider,
    ProviderAction,
)

from .call_log import CallLog
from .direct_instances import direct_provider, read_documents, refuse_to_connect
from .refusals import RefusalBudget

KIND = "provider_instance"
COPY_PAUSE_SECONDS = 30.0
FIRST_VERSION = 1
SUGGESTED_TABLES = frozenset(("account", "product", "unit", "currency", "price_list"))


@dataclass(frozen=True)
class ProviderInstance:
    """An open instance: its provider, its connector and its compiled transformations.

    `suspended` is set while the installation is a copy, which contacts no provider. The messages of
    an instance that `is_direct` already are documents with our own names.
    """

    name: str
    version: int
    provider: Provider
    mapping_group: str
    transformations: Mapping[str, Transformation]
    connect: Callable[[], Connector]
    is_direct: bool = False
    suspended: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _connected: list[Connector] = field(default_factory=list)

    @property
    def connector(self) -> Connector:
        """Return the connector, made on first use. Raise `Invalid`, or `ProviderDown` in a copy.

        Messages can be transformed without it, for example while a secret is missing.
        """
        if self.suspended.is_set():
            raise ProviderDown(
                "this installation is a restored copy, and communicates with no provider",
                retry_after=COPY_PAUSE_SECONDS,
                where=self.name,
                remedy="run iom restored --live if it is the live one now",
            )

        with self._lock:
            if not self._connected:
                self._connected.append(self.connect())
            return self._connected[0]

    def close(self) -> None:
        """Close the connector."""
        with self._lock:
            for connector in self._connected:
                connector.close()
            self._connected.clear()

    def transform(
        self, kind: str, payloads: Sequence[str]
    ) -> Sequence[Transformed | TransformFailure]:
        """Return the documents of messages of one kind, one result per payload, in order."""
        if self.is_direct:
            return read_documents(payloads)
        return self.transformations[f"message:{kind}"].transform_many(payloads)

    def message_kind(self, name: str) -> MessageKind:
        """Return a message kind of the provider. Raise `NotFound`."""
        for kind in self.provider.messages:
            if kind.name == name:
                return kind
        raise NotFound(f"{self.provider.title} has no message kind {name}", where=self.name)

    def action(self, name: str) -> ProviderAction:
        """Return an action of the provider. Raise `NotFound`."""
        for action in self.provider.actions:
            if action.name == name:
                return action
        raise NotFound(f"{self.provider.title} has no action {name}", where=self.name)


class SuggestedMatch(Protocol):
    """One of our records that an external key may refer to, how similar it is, and why."""

    @property
    def internal(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def score(self) -> float: ...
    @property
    def reason(self) -> str: ...
    @property
    def certain(self) -> bool: ...


class Suggester(Protocol):
    """Suggests our records that an unmapped external key may refer to."""

    def __call__(
        self, session: Session, table: str, values: Sequence[str], /
    ) -> Mapping[str, Sequence[SuggestedMatch]]:
        """Return matches by value, the best one first."""


@dataclass
class ProviderRegistry:
    """The providers of one process.

    `suggests` names the mapping tables that `suggest` supports; `direct` names the instances of our
    own API, each with the kind of its documents.
    """

    catalog: Mapping[str, Provider]
    secrets: Secrets
    receivers: Mapping[str, DocumentReceiver]
    public_url: str = ""
    message_limit_bytes: int = 8_000_000
    egress: EgressPolicy = PUBLIC_ONLY
    folder: Path | None = None
    suggest: Suggester | None = None
    suggests: frozenset[str] = SUGGESTED_TABLES
    direct: Mapping[str, str] = field(default_factory=dict)
    drafts: DraftEvaluator = field(default_factory=lambda: SHARED_EVALUATOR)
    calls: CallLog = field(default_factory=CallLog)
    refusals: RefusalBudget = field(default_factory=RefusalBudget)
    _opened: dict[str, ProviderInstance] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def provider(self, name: str) -> Provider:
        """Return a provider of the catalog. Raise `NotFound`."""
        if name not in self.catalog:
            raise NotFound(
                f"no provider {name!r} in the library",
                remedy="known: " + ", ".join(sorted(self.catalog)),
            )
        return self.catalog[name]

    def suggest_matches(
        self, session: Session, table: str, values: Sequence[str]
    ) -> Mapping[str, Sequence[SuggestedMatch]]:
        """Return what `suggest` finds for the values; nothing for a table it does not support."""
        if self.suggest is None or table not in self.suggests:
            return {}
        return self.suggest(session, table, values)

    def open(self, session: Session, instance: str) -> ProviderInstance:
        """Return an instance in its current version, open until its document changes.

        The connector of a previous version is closed. Raise `NotFound` for an instance that is not
        installed, or whose provider is not in the catalog.
        """
        if instance in self.direct:
            return self._open_direct(instance)

        document = get_document(session, KIND, instance)
        live = is_live(session)
        with self._lock:
            opened = self._opened.get(instance)
            if opened is None:
                opened = self._opened[instance] = self._open(document)
            elif opened.version != document.version:
                opened.close()
                opened = self._opened[instance] = self._open(document)

            if live:
                opened.suspended.clear()
            else:
                opened.suspended.set()

            return opened

    def _open_direct(self, name: str) -> ProviderInstance:
        with self._lock:
            if name not in self._opened:
                self._opened[name] = ProviderInstance(
                    name=name,
                    version=FIRST_VERSION,
                    provider=direct_provider(name, self.direct[name]),
                    mapping_group="",
                    transformations={},
                    connect=refuse_to_connect,
                    is_direct=True,
                )
            return self._opened[name]

    def _open(self, document: Document) -> ProviderInstance:
        body = document.body
        provider = self.provider(body["provider"])
        return ProviderInstance(
            name=document.name,
            version=document.version,
            provider=provider,
            mapping_group=body.get("mapping_group", ""),
            transformations=compile_transformations(provider, body.get("transformations", {})),
            connect=lambda: self._connect(provider, document),
        )

    def _connect(self, provider: Provider, document: Document) -> Connector:
        """Decrypt the secrets and make the connector. Raise `Invalid`, never with a value."""
        where = f"{document.name}, connection"
        values: dict[str, str] = dict(document.body.get("connection", {}))

        for name in secret_fields(provider) & values.keys():
            if values[name]:
                values[name] = self.secrets.reveal(values[name], name=f"{where}.{name}")

        parameters = document.body.get("parameters", {})
        callback_url = f"{self.public_url}/hooks/{document.name}" if self.public_url else ""
        return provider.connect(
            Connection(
                instance=document.name,
                connection=plain_values(provider.connection, values, where),
                parameters=plain_values(
                    provider.parameters, parameters, f"{document.name}, parameters"
                ),
                report=lambda request: self.calls.add(document.name, request),
                callback_url=callback_url,
                egress=self.egress,
                folder=self.folder,
            )
        )

    def close(self) -> None:
        """Close every open instance."""
        with self._lock:
            for opened in self._opened.values():
                opened.close()
            self._opened.clear()


def secret_fields(provider: Provider) -> set[str]:
    """Return the names of the secrets of a connection."""
    names = set()
    for name, info in provider.connection.model_fields.items():
        if _is_secret(info.annotation):
            names.add(name)
    return names


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())


def plain_values(model: type[BaseModel], values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return validated values with the defaults of the model, secrets as text.

    Raise `Invalid` with every fault.
    """
    try:
        validated = model.model_validate(dict(values))
    except ValidationError as error:
        problems = []
        for fault in error.errors():
            path = ".".join(map(str, fault["loc"]))
            problems.append(Problem(f"{where}.{path}", fault["msg"]))

        raise Invalid(
            "the connection or its parameters are not valid", where=where, problems=problems
        ) from None

    plain: dict[str, Any] = {}
    for name in model.model_fields:
        value = getattr(validated, name)
        plain[name] = value.get_secret_value() if isinstance(value, SecretStr) else value

    return plain


def transformation_bodies(provider: Provider) -> dict[str, Mapping[str, Any]]:
    """Return the transformations of a provider by `message:KIND` and `action:NAME`."""
    bodies: dict[str, Mapping[str, Any]] = {}
    for kind in provider.messages:
        bodies[f"message:{kind.name}"] = kind.transformation
    for action in provider.actions:
        bodies[f"action:{action.name}"] = action.transformation
    return bodies


def compile_transformations(
    provider: Provider, overrides: Mapping[str, Any]
) -> dict[str, Transformation]:
    """Return the transformations of a provider, those in `overrides` instead of its own.

    Raise `Invalid`.
    """
    compiled = {}
    for name, body in transformation_bodies(provider).items():
        document = TransformationDocument.model_validate(overrides.get(name, body))
        compiled[name] = Transformation(document)

    return compiled
