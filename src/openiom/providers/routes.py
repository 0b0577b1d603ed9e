"""Providers over HTTP: the library, what is installed, calls, messages, mappings; and where webhooks arrive."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError

from openiom.kernel import NotFound, TooLarge
from openiom.platform.configuration import Configuration
from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    Page,
    RawBody,
    ReadSession,
    WriteSession,
    database,
    decode_cursor,
    paginate,
    parse_id,
)
from openiom.provider_contract import Provider

from . import queries
from .mapping import KIND, MappingBody, waiting_for
from .messages import discard, replay
from .poll_worker import request_poll
from .probe_worker import probe
from .registry import ProviderRegistry
from .schemas import (
    MOST_IDS,
    MOST_MAPPINGS,
    CallRow,
    Catalog,
    CatalogEntry,
    CatalogPart,
    IdsRequest,
    InstanceRow,
    Instances,
    MappingResult,
    MappingRow,
    MappingsRequest,
    MappingsSaved,
    MessageDetail,
    MessageRow,
    MissingGroups,
    PollAsked,
    Preview,
    PreviewRequest,
    RowResult,
    RowResults,
    WebhookTaken,
)
from .webhooks import receive_webhook

router = APIRouter(tags=["providers"])
Limit = Annotated[int, Query(ge=1, le=500)]
API = "/api/v1"


def pipeline_of(request: Request) -> ProviderRegistry:
    found: ProviderRegistry = request.app.state.registry
    return found


@router.get(f"{API}/providers")
def provider_catalog(principal: CurrentPrincipal, request: Request) -> Catalog:
    """The library: every provider that can be installed, with the schemas its forms are drawn from."""
    principal.require("providers.read")
    catalog = pipeline_of(request).catalog
    return Catalog(items=[_entry(catalog[name]) for name in sorted(catalog)])


def _entry(provider: Provider) -> CatalogEntry:
    return CatalogEntry(
        name=provider.name,
        title=provider.title,
        category=provider.category,
        description=provider.description,
        connection_schema=provider.connection.model_json_schema(),
        parameters_schema=provider.parameters.model_json_schema(),
        actions=[CatalogPart(name=a.name, title=a.title) for a in provider.actions],
        messages=[CatalogPart(name=k.name, title=k.title) for k in provider.messages],
        mappings=[
            CatalogPart(name=t, title=t.replace("_", " ").capitalize()) for t in provider.mappings
        ],
    )


@router.get(f"{API}/provider-instances")
def provider_instances(
    principal: CurrentPrincipal, session: ReadSession, request: Request
) -> Instances:
    """What is installed, whether it answers, and what waits in its inbox."""
    principal.require("providers.read")
    return Instances(items=queries.list_instances(session, pipeline_of(request)))


@router.post(f"{API}/provider-instances/{{name}}/probe")
def probe_instance(name: str, principal: CurrentPrincipal, request: Request) -> InstanceRow:
    """Make a real authenticated request now; the answer is the instance with what was found."""
    principal.require("providers.write")
    registry, opened = pipeline_of(request), database(request)
    probe(registry, opened, name)
    with opened.reading() as session:
        return queries.get_instance(session, registry, name)


@router.post(f"{API}/provider-instances/{{name}}/poll", status_code=202)
def poll_instance(name: str, principal: CurrentPrincipal, session: WriteSession) -> PollAsked:
    """Poll as soon as a worker is free."""
    principal.require("providers.write")
    request_poll(session, name)
    return PollAsked()


@router.get(f"{API}/provider-calls")
def provider_calls(
    principal: CurrentPrincipal,
    session: ReadSession,
    instance: str = "",
    failed: bool = False,
    after: str | None = None,
    limit: Limit = 50,
) -> Page[CallRow]:
    """Exchanges with the outside, newest first."""
    principal.require("providers.read")
    rows = queries.list_calls(
        session, instance=instance, failed=failed, after=_position(after), limit=limit + 1
    )
    items, following = paginate(rows, limit=limit, key=lambda row: (row.id,))
    return Page(items=items, next=following)


@router.get(f"{API}/messages")
def messages(
    principal: CurrentPrincipal,
    session: ReadSession,
    request: Request,
    state: str = "",
    instance: str = "",
    kind: str = "",
    search: str = "",
    after: str | None = None,
    limit: Limit = 50,
) -> Page[MessageRow]:
    """What arrived, newest first; `search` is a whole key, such as an order's id at its source."""
    principal.require("providers.read")
    chosen = queries.MessageFilter(
        *(text.replace("\x00", "") for text in (state, instance, kind, search))
    )
    position = _position(after)
    rows = queries.list_messages(
        session, pipeline_of(request), chosen, after=position, limit=limit + 1
    )
    items, following = paginate(rows, limit=limit, key=lambda row: (row.id,))
    return Page(items=items, next=following)


@router.get(f"{API}/messages/unmapped-keys")
def missing_keys(
    principal: CurrentPrincipal, session: ReadSession, request: Request
) -> MissingGroups:
    """Outside keys that no mapping knows, most wanted first (the first 500), with suggestions."""
    principal.require("providers.read")
    return MissingGroups(items=queries.missing_keys(session, pipeline_of(request)))


@router.get(f"{API}/messages/{{message}}")
def message(
    message: str, principal: CurrentPrincipal, session: ReadSession, request: Request
) -> MessageDetail:
    """One message: its payload, what its transformation makes of it now, and why it is where it is."""
    principal.require("providers.read")
    return queries.get_message(session, pipeline_of(request), _message_id(message))


@router.post(f"{API}/messages/{{message}}/preview")
def preview(
    message: str,
    asked: PreviewRequest,
    principal: CurrentPrincipal,
    session: ReadSession,
    request: Request,
) -> Preview:
    """Try a transformation on a stored message; nothing is written."""
    principal.require("providers.read")
    return queries.preview_message(
        session, pipeline_of(request), _message_id(message), asked.transformation
    )


@router.post(f"{API}/messages/replay")
def replay_messages(
    asked: IdsRequest, principal: CurrentPrincipal, session: WriteSession
) -> RowResults:
    """Put parked or discarded messages back to be processed."""
    principal.require("providers.write")
    return _told(asked.ids, replay(session, _ids(asked)), "is neither parked nor discarded")


@router.post(f"{API}/messages/discard")
def discard_messages(
    asked: IdsRequest, principal: CurrentPrincipal, session: WriteSession
) -> RowResults:
    """Take parked messages off the list; they stay readable and can be replayed."""
    principal.require("providers.write")
    return _told(asked.ids, discard(session, _ids(asked)), "is not parked")


@router.get(f"{API}/mappings")
def mappings(
    principal: CurrentPrincipal,
    session: ReadSession,
    table: str = "",
    instance: str = "",
    search: str = "",
    after: str | None = None,
    limit: Limit = 50,
) -> Page[MappingRow]:
    """Outside keys and our names for them."""
    principal.require("providers.read")
    position = decode_cursor(after, 5)
    rows = queries.list_mappings(
        session, table=table, instance=instance, search=search, after=position, limit=limit + 1
    )
    items, following = paginate(
        rows,
        limit=limit,
        key=lambda row: (row.table, row.field, row.value, row.scope, row.scope_name),
    )
    return Page(items=items, next=following)


@router.put(f"{API}/mappings")
def save_mappings(
    asked: MappingsRequest,
    principal: CurrentPrincipal,
    session: WriteSession,
    request: Request,
    now: Now,
) -> MappingsSaved:
    """Write up to 1,000 mappings; a wrong one is told by its place while the rest go through.

    Messages that missed a key replay by themselves: `replayed` says how many.
    """
    principal.require("providers.write")
    _at_most(asked.mappings, MOST_MAPPINGS, "mappings")
    good: dict[str, MappingBody] = {}
    results = []
    for given in asked.mappings:
        try:
            body = MappingBody.model_validate(given)
        except ValidationError as error:
            results.append(MappingResult(ok=False, reason=_faults(error)))
            continue
        good[body.document_name] = body
        results.append(MappingResult(ok=True, reason=""))
    if not good:
        return MappingsSaved(results=results, replayed=0)
    replayed = waiting_for(session, [(b.table, b.field, b.value) for b in good.values()])
    configuration: Configuration = request.app.state.configuration
    documents = [
        {"kind": KIND, "name": name, "body": body.model_dump()} for name, body in good.items()
    ]
    configuration.apply(session, documents, at=now, actor=principal.name)
    return MappingsSaved(results=results, replayed=replayed)


def _faults(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, e['loc'])) or 'mapping'}: {e['msg']}" for e in error.errors()
    )


@router.post("/hooks/{instance}", tags=["webhooks"])
def webhook(instance: str, request: Request, body: RawBody, now: Now) -> WebhookTaken:
    """Where an installed provider's system calls us. Verified as that provider does; acknowledged once durable."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return receive_webhook(
        pipeline_of(request), database(request), instance, headers, body, now=now
    )


def _position(after: str | None) -> int | None:
    found = decode_cursor(after, 1, parse_id)
    return int(found[0]) if found else None


def _message_id(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise NotFound(f"no message {text[:50]}", remedy="see the list of messages")
    return int(text)


def _ids(asked: IdsRequest) -> list[int]:
    _at_most(asked.ids, MOST_IDS, "ids")
    return sorted({int(i) for i in asked.ids if i.isascii() and i.isdigit() and len(i) <= 18})


def _at_most(given: Sequence[Any], most: int, where: str) -> None:
    if len(given) > most:
        raise TooLarge(
            f"{len(given)} of at most {most}", where=where, remedy="send them in several calls"
        )


def _told(ids: Sequence[str], done: Sequence[int], why_not: str) -> RowResults:
    went = {str(i) for i in done}
    return RowResults(
        results=[RowResult(id=i, ok=i in went, reason="" if i in went else why_not) for i in ids]
    )
