"""What a provider must supply: a manifest with its connector, message kinds, actions and transformations."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.kernel import ProviderError

from .live_rates import Rating

Category = Literal[
    "order_intake", "fulfillment", "delivery", "optimization", "tax", "inventory", "communication"
]


@dataclass(frozen=True, slots=True)
class RawMessage:
    """Something that arrived, before anybody understood it.

    `key` names the thing it is about (an order id) and orders its messages; `version` makes a second delivery
    recognisable (a modified timestamp); empty takes the payload's hash. `sequence` sorts versions: a lower one
    than already taken in is stale.
    """

    kind: str
    key: str
    payload: Any
    version: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Pulled:
    """A page of messages and the checkpoint to resume after it; both are stored in one transaction."""

    messages: Sequence[RawMessage]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Probe:
    """The answer of a real authenticated request: whose account it is and what the credential may do."""

    account: str
    scopes: tuple[str, ...] = ()
    missing_scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Received:
    """What a webhook call amounts to: messages to store, and whether to poll at once for what it announces."""

    messages: Sequence[RawMessage]
    poll_now: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One entity's request. `key` is the same on every retry; `payload` is what the transformation made.

    From the second `attempt` on, an earlier one may have acted without anybody hearing of it.
    """

    key: str
    payload: Mapping[str, Any]
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class CallResult:
    """Either done, with what the other side said, or failed with an error that says whether to retry."""

    key: str
    response: Mapping[str, Any] = field(default_factory=dict)
    external_id: str = ""
    error: ProviderError | None = None


class Connector(Protocol):
    """The only I/O of a provider. One is made per instance and process; it must be safe for threads."""

    def probe(self) -> Probe:
        """A real authenticated request. Raises ProviderDown or ProviderRejected."""

    def close(self) -> None: ...


class Puller(Connector, Protocol):
    def pull(self, kind: str, checkpoint: str) -> Iterator[Pulled]:
        """Pages of messages after `checkpoint` ('' is from the start). Raises ProviderDown, ProviderRejected."""


class Receiver(Connector, Protocol):
    def receive(self, headers: Mapping[str, str], body: bytes) -> Received:
        """Verify and split a webhook call; `headers` lower case. Raises Unauthenticated or Invalid."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What `connect` is given: opened secrets, parameters, and how to report each outside call."""

    instance: str
    connection: Mapping[str, str]
    parameters: Mapping[str, Any]
    report: "CallReporter"
    callback_url: str = ""


class CallReporter(Protocol):
    def __call__(self, call: "OutboundRequest") -> None: ...


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """One HTTP exchange for the outbound call log; no secrets."""

    method: str
    url: str
    status: int | None
    milliseconds: int
    started_at: datetime
    attempt: int = 1
    error: str = ""


@dataclass(frozen=True)
class MessageKind:
    """A kind of inbound message, the document it becomes, and the default transformation (editable per instance)."""

    name: str
    title: str
    document: str  # "order", "fulfillment_update", "stock": who receives it is wired by build()
    transformation: Mapping[str, Any]
    polled: bool = False


@dataclass(frozen=True)
class ProviderAction:
    """An outbound unit of work a flow step can ask for.

    batch        most entities one call of the vendor's bulk endpoint takes; 1 when it has none
    concurrency  calls in flight at once within the vendor's limits
    succeeded / failed  business events raised on the entity when the outcome is final
    max_attempts calls before it has failed; pauses double from a second on, so that 12 outlast half an hour's outage
    run          (connector, calls) -> one result a call, in any order; never raises for a single call
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
    """A provider of the catalog. Forms draw themselves from the two schemas; SecretStr fields are secrets."""

    name: str
    title: str
    category: Category
    description: str
    connection: type[BaseModel]
    parameters: type[BaseModel]
    connect: Callable[[Connection], Connector]
    messages: tuple[MessageKind, ...] = ()
    actions: tuple[ProviderAction, ...] = ()
    rating: Rating | None = None  # carriers that say what a parcel would cost
    mappings: tuple[str, ...] = ()  # mapping tables it needs: account, price_list, unit, product...
    events: tuple[str, ...] = ()
    terms: str = ""


@dataclass(frozen=True, slots=True)
class InboundDocument:
    """A transformed message on its way into a room. Keys are already internal logical names."""

    message_id: int
    instance: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """
    What a room did with one document. `error` is shown where the message is parked; `needs` are master data
    (kind, name) it lacks: once there, the message replays by itself.
    """

    ok: bool
    entity_id: str = ""
    duplicate: bool = False
    error: str = ""
    where: str = ""
    remedy: str = ""
    needs: tuple[tuple[str, str], ...] = ()


class DocumentReceiver(Protocol):
    def __call__(
        self, session: Session, arrived: Sequence[InboundDocument], now: datetime, actor: str
    ) -> Sequence[IntakeResult]:
        """Take documents in, set-based, one answer each in order; a refused one has changed nothing."""
