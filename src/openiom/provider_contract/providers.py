"""What a provider supplies: a manifest with its connector, message kinds and actions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.kernel import ProviderError

from .egress import PUBLIC_ONLY, EgressPolicy
from .live_rates import LiveRateService
from .payments import PaymentService

Category = Literal[
    "order_intake",
    "fulfillment",
    "delivery",
    "optimization",
    "payment",
    "tax",
    "inventory",
    "communication",
]


@dataclass(slots=True)
class RawMessage:
    """A received message before it is transformed.

    key       external id of its subject, such as an order id; messages of one key stay in order
    version   identifies a repeated delivery, such as a modification time; empty uses the payload's
              hash
    sequence  orders versions; a message with a lower one than already processed is stale
    fallback  document to process if the message cannot be transformed, mapped or accepted, such as
              an `OrderWithdrawalDocument`
    is_state  whether the payload is the present state of its subject. A subject that changes and
              changes back within the resolution of its modification time looks as it did before;
              a state is a repeated delivery only if no other one was received since
    """

    kind: str
    key: str
    payload: Any
    version: str = ""
    sequence: int = 0
    fallback: Mapping[str, Any] | None = None
    is_state: bool = False


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A page of messages and the checkpoint after it, stored together in one transaction."""

    messages: Sequence[RawMessage]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The result of an authenticated request: the account and the scopes of the credential."""

    account: str
    scopes: tuple[str, ...] = ()
    missing_scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WebhookResult:
    """The messages of a webhook call. With `poll_now` it only announced changes to be polled."""

    messages: Sequence[RawMessage]
    poll_now: bool = False


@dataclass(slots=True)
class Call:
    """A provider action for one entity.

    `key` is the idempotency key, the same on every retry; `payload` is the result of the
    transformation. From the second `attempt` on, a previous one may have taken effect although its
    response was lost.
    """

    key: str
    payload: Mapping[str, Any]
    attempt: int = 1


@dataclass(slots=True)
class CallResult:
    """The response of a successful call, or the error of a failed one."""

    key: str
    response: Mapping[str, Any] = field(default_factory=dict)
    external_id: str = ""
    error: ProviderError | None = None


class Connector(Protocol):
    """The only I/O of a provider: one per instance and process, thread-safe."""

    def probe(self) -> ProbeResult:
        """Make an authenticated request. Raises ProviderDown or ProviderRejected."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...


class Puller(Connector, Protocol):
    """A connector that polls."""

    def pull(self, kind: str, checkpoint: str) -> Iterator[MessagePage]:
        """Yield pages of messages after `checkpoint`, "" for the first poll.

        Raises ProviderDown or ProviderRejected.
        """
        ...


class Receiver(Connector, Protocol):
    """A connector that receives webhooks."""

    def receive(self, headers: Mapping[str, str], body: bytes) -> WebhookResult:
        """Verify and parse a webhook call; header names are in lower case.

        Raises Unauthenticated or Invalid.
        """
        ...


@dataclass(frozen=True, slots=True)
class Connection:
    """What `Provider.connect` receives: decrypted connection values, parameters and callbacks.

    egress   the addresses that the connector may connect to
    folder   the folder below which it may read and move files; None forbids all files
    """

    instance: str
    connection: Mapping[str, str]
    parameters: Mapping[str, Any]
    report: "CallReporter"
    callback_url: str = ""
    egress: EgressPolicy = PUBLIC_ONLY
    folder: Path | None = None


class CallReporter(Protocol):
    """Records an HTTP exchange in the outbound call log."""

    def __call__(self, call: "OutboundRequest") -> None:
        """Record one exchange."""
        ...


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """One HTTP exchange for the outbound call log, without secrets."""

    method: str
    url: str
    status: int | None
    milliseconds: int
    started_at: datetime
    attempt: int = 1
    error: str = ""


@dataclass(frozen=True)
class MessageKind:
    """A kind of inbound message.

    `document` is the canonical document it becomes (order, fulfillment_update, stock, ...), through
    the default `transformation`, which can be edited per instance.
    """

    name: str
    title: str
    document: str
    transformation: Mapping[str, Any]
    polled: bool = False


@dataclass(frozen=True)
class ProviderAction:
    """An action of the remote system that flow steps can use.

    batch              most entities per call of the vendor's bulk endpoint; 1 without one
    concurrency        calls in flight at once, within the vendor's limits
    succeeded, failed  business events raised on the entity with the final outcome
    max_attempts       attempts before the call fails; pauses double from one second on, so that 12
                       attempts outlast an outage of half an hour
    run                (connector, calls) -> one result per call, in any order; never raises for a
                       single call
    """

    name: str
    title: str
    entity: str
    transformation: Mapping[str, Any]
    run: Callable[[Any, Sequence[Call]], Sequence[CallResult]]
    succeeded: str
    failed: str
    batch: int = 1
    concurrency: int = 4
    timeout_seconds: int = 120
    max_attempts: int = 12


@dataclass(frozen=True)
class Provider:
    """A provider of the catalog.

    Forms are generated from the schemas `connection` and `parameters`; SecretStr fields are
    secrets. `mappings` names the mapping tables that its messages need.
    """

    name: str
    title: str
    category: Category
    description: str
    connection: type[BaseModel]
    parameters: type[BaseModel]
    connect: Callable[[Connection], Connector]
    messages: tuple[MessageKind, ...] = ()
    actions: tuple[ProviderAction, ...] = ()
    live_rates: LiveRateService | None = None
    payments: PaymentService | None = None
    mappings: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    terms: str = ""


@dataclass(slots=True)
class InboundDocument:
    """A transformed message, with external keys resolved to internal names."""

    message_id: int
    instance: str
    document: Mapping[str, Any]


@dataclass(slots=True)
class IntakeResult:
    """The outcome of processing one document.

    `ignored` says that the document concerns nothing that exists here, so that nothing was changed.
    `error`, `where` and `remedy` are shown with the parked message. `needs` lists missing master
    data as (kind, name); the message is replayed when these exist.
    """

    ok: bool
    entity_id: str = ""
    duplicate: bool = False
    ignored: bool = False
    error: str = ""
    where: str = ""
    remedy: str = ""
    needs: tuple[tuple[str, str], ...] = ()


class DocumentReceiver(Protocol):
    """Processes canonical documents of one kind."""

    def __call__(
        self, session: Session, documents: Sequence[InboundDocument], now: datetime, actor: str, /
    ) -> Sequence[IntakeResult]:
        """Process documents set-based; one result per document, in order.

        A refused document has changed nothing.
        """
        ...
