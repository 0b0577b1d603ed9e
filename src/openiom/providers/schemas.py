"""Shapes of this room's HTTP API."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MOST_IDS = 1_000
MOST_MAPPINGS = 1_000


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CatalogPart(BaseModel):
    name: str
    title: str


class CatalogEntry(BaseModel):
    """A provider of the library; its forms draw themselves from the two JSON schemas."""

    name: str
    title: str
    category: str
    description: str
    connection_schema: dict[str, Any]
    parameters_schema: dict[str, Any]
    actions: list[CatalogPart]
    messages: list[CatalogPart]
    mappings: list[CatalogPart]


class Catalog(BaseModel):
    items: list[CatalogEntry]


class InstanceRow(BaseModel):
    """An installed provider. `messages` counts those still waiting or needing a person, by state."""

    name: str
    title: str
    provider: str
    category: str
    active: bool
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
    messages: dict[str, int]


class Instances(BaseModel):
    items: list[InstanceRow]


class PollAsked(BaseModel):
    """The poll runs as soon as a worker is free."""

    asked: bool = True


class CallRow(BaseModel):
    """One exchange with the outside. A refused webhook call is one as well, with the method it came by."""

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
    what: str
    where: str
    remedy: str


class MissingKeyView(BaseModel):
    table: str
    field: str
    value: str


class MessageRow(BaseModel):
    id: str
    instance: str
    kind: str
    key: str
    version: str | None
    state: str
    received_at: datetime
    processed_at: datetime | None
    error: MessageError | None
    missing: list[MissingKeyView]
    attempts: int
    deliveries: int
    entity_id: str | None


class PreviewRow(BaseModel):
    """One path of the document: the expression behind it, and its value or the error in its place."""

    path: str
    expression: str
    value: Any
    error: str | None


class Preview(BaseModel):
    """What a transformation makes of a message now. `document` is null when it fails; then `error` says why."""

    document: dict[str, Any] | None
    error: MessageError | None
    missing: list[MissingKeyView]
    rows: list[PreviewRow]


class MessageDetail(MessageRow):
    payload: Any
    document: dict[str, Any] | None
    preview: Preview | None


class PreviewRequest(Strict):
    """A transformation to try on the message; empty tries the one in use."""

    transformation: dict[str, Any] | None = None


class IdsRequest(Strict):
    ids: list[str] = Field(min_length=1)


class RowResult(BaseModel):
    id: str
    ok: bool
    reason: str


class RowResults(BaseModel):
    results: list[RowResult]


class Suggestion(BaseModel):
    internal: str
    label: str
    score: float


class MissingGroup(BaseModel):
    """A key no mapping knows, how many messages wait for it, and what it may have meant."""

    table: str
    field: str
    value: str
    instance: str
    messages: int
    suggestions: list[Suggestion]


class MissingGroups(BaseModel):
    items: list[MissingGroup]


class MappingRow(BaseModel):
    table: str
    field: str
    value: str
    internal: str
    scope: str
    scope_name: str


class MappingsRequest(Strict):
    mappings: list[dict[str, Any]] = Field(min_length=1)


class MappingResult(BaseModel):
    ok: bool
    reason: str


class MappingsSaved(BaseModel):
    results: list[MappingResult]
    replayed: int


class WebhookTaken(BaseModel):
    """What the call came to, told only once it is durable."""

    stored: int
    duplicates: int
    poll: bool
