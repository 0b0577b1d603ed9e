"""Requests and responses of the HTTP API."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_IDS = 1_000
MAX_MAPPINGS = 1_000


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CatalogPart(BaseModel):
    """An action, message kind or mapping table of a provider."""

    name: str
    title: str


class ProviderEntry(BaseModel):
    """A provider of the library. Forms are generated from the two JSON schemas."""

    name: str
    title: str
    category: str
    description: str
    connection_schema: dict[str, Any]
    parameters_schema: dict[str, Any]
    actions: list[CatalogPart]
    messages: list[CatalogPart]
    mappings: list[CatalogPart]


class ProviderCatalog(BaseModel):
    """The library, by name."""

    items: list[ProviderEntry]


class InstanceColumns(BaseModel):
    """The stored part of an installed provider."""

    name: str
    title: str
    provider: str
    active: bool
    paused_at: datetime | None
    paused_by: str
    state: Literal["untested", "green", "red"]
    probed_at: datetime | None
    account: str | None
    scopes: list[str]
    missing_scopes: list[str]
    error: str | None
    poll_seconds: int | None
    last_poll_at: datetime | None
    next_poll_at: datetime | None
    last_error: str | None


class InstanceRow(InstanceColumns):
    """An installed provider. `messages` counts unprocessed messages by state."""

    category: str
    messages: dict[str, int]


class InstanceList(BaseModel):
    """The installed providers, by name."""

    items: list[InstanceRow]


class PollRequested(BaseModel):
    """Confirms that a worker will poll the instance."""

    requested: bool = True


class CallRow(BaseModel):
    """One HTTP exchange with another system. A refused webhook call is listed as well."""

    id: str
    instance: str
    action: str | None
    entity_id: str | None = None
    method: str
    url: str
    status: int | None
    ok: bool
    started_at: datetime
    duration_ms: int
    error: str | None


class MessageError(BaseModel):
    """Why a message is parked, and what to do."""

    what: str
    where: str
    remedy: str


class UnmappedKeyView(BaseModel):
    """A lookup that a message waits for."""

    table: str
    field: str
    value: str


class MessageColumns(BaseModel):
    """The stored part of a message; `total` is what a parked order costs, if it says so."""

    id: str
    instance: str
    kind: str
    key: str
    version: str | None
    state: str
    received_at: datetime
    processed_at: datetime | None
    error: MessageError | None
    attempts: int
    deliveries: int
    entity_id: str | None
    total: str | None
    currency: str | None


class MessageRow(MessageColumns):
    """A received message, with the keys it waits for."""

    missing: list[UnmappedKeyView]


class PreviewRow(BaseModel):
    """One path of the document: its expression, and its value or error."""

    path: str
    expression: str
    value: Any
    error: str | None


class Preview(BaseModel):
    """The result of a transformation. Without a `document`, `error` says why it failed."""

    document: dict[str, Any] | None
    error: MessageError | None
    missing: list[UnmappedKeyView]
    rows: list[PreviewRow]


class MessageDetail(MessageRow):
    """A message with its payload and its preview, null when it cannot be transformed."""

    payload: Any
    document: dict[str, Any] | None
    preview: Preview | None


class PreviewRequest(_Request):
    """A transformation to apply to the message, null for the one in use."""

    transformation: dict[str, Any] | None = None


class IdsRequest(_Request):
    """Ids of messages."""

    ids: list[str] = Field(min_length=1)


class RowResult(BaseModel):
    """The result for one id; `reason` says why it was not changed."""

    id: str
    ok: bool
    reason: str


class RowResults(BaseModel):
    """One result per id, in the order of the request."""

    results: list[RowResult]


class MappingSuggestion(BaseModel):
    """One of our records that an external key may refer to. `score` is from 0 to 1.

    `reason` says what both have in common. Only a `certain` one has the same key or code, and no
    other record has it; the others are guesses, to be compared by a person.
    """

    internal: str
    label: str
    score: float
    reason: str
    certain: bool


class UnmappedKeyGroup(BaseModel):
    """An unmapped key, the number of messages that wait for it, and suggestions."""

    table: str
    field: str
    value: str
    instance: str
    messages: int
    suggestions: list[MappingSuggestion]


class UnmappedKeyGroups(BaseModel):
    """Unmapped keys, those with the most messages first."""

    items: list[UnmappedKeyGroup]


class MappingRow(BaseModel):
    """One external key and our name for it."""

    table: str
    field: str
    value: str
    internal: str
    scope: str
    scope_name: str


class MappingsRequest(_Request):
    """Mappings to store, each as in a `mapping` document."""

    mappings: list[dict[str, Any]] = Field(min_length=1)


class MappingResult(BaseModel):
    """Whether a mapping was stored; `reason` says why not."""

    ok: bool
    reason: str


class MappingsSaved(BaseModel):
    """One result per mapping, in order, and the number of messages that are replayed.

    `messages` are the ids of the first 1,000 of them, for undoing the mappings.
    """

    results: list[MappingResult]
    replayed: int
    messages: list[str]


class ExternalItem(BaseModel):
    """What the sender of a message calls a record; fields that the message lacks are empty."""

    model_config = ConfigDict(frozen=True)

    value: str
    name: str
    unit_price: Decimal | None
    currency: str


class ReleasedAmount(BaseModel):
    """The total of orders in one currency."""

    currency: str
    amount: Decimal
    orders: int


class MappingRelease(BaseModel):
    """What storing mappings would release.

    messages          parked messages that would be processed
    needing_more      messages that need one of the mappings, and other ones as well
    orders            orders among the messages, each counted once
    amounts           their totals by currency, of the first 1,000 unless `amounts_complete`
    external          what senders call the records, up to three different descriptions
    """

    messages: int
    needing_more: int
    orders: int
    amounts: list[ReleasedAmount]
    amounts_complete: bool
    external: list[ExternalItem]


class StoredMappingKey(_Request):
    """The key of a stored mapping."""

    table: str
    field: str
    value: str
    scope: str = "default"
    scope_name: str = ""


class MappingsRemoval(_Request):
    """Mappings to delete. `messages` are those that saving them replayed, when that is undone."""

    mappings: list[StoredMappingKey] = Field(min_length=1)
    messages: list[str] = []


class ReleasedOrder(BaseModel):
    """An order that was taken in; `number` is that of its source."""

    id: str
    number: str


class MappingsRemoved(BaseModel):
    """How many mappings were deleted, and the orders that were taken in before.

    These orders remain; the other messages are parked again.
    """

    deleted: int
    orders: list[ReleasedOrder]


class WebhookReceipt(BaseModel):
    """Confirms that the messages of a webhook call are stored."""

    stored: int
    duplicates: int
    poll: bool
