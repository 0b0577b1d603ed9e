"""HTTP API: the library, installed providers, calls, messages and mappings; and the webhooks."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request
from pydantic import ValidationError

from openiom.kernel import NotFound, TooLarge
from openiom.platform.configuration import Configuration
from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    RawBody,
    ReadSession,
    Router,
    WriteSession,
    database,
)
from openiom.platform.pagination import (
    Page,
    PageRequest,
    RawPageRequest,
    page_request,
    raw_page_request,
)
from openiom.provider_contract import Provider

from . import queries
from .mapping_body import KIND, MappingBody
from .mapping_release import accepted_orders, preview_release, waiting_messages
from .mapping_removal import remove_mappings
from .mapping_targets import refuse_unknown_records
from .message_sorts import STOPPED_SORTS
from .messages import discard, replay
from .poll_worker import request_poll
from .probe_worker import probe
from .queries import MappingFilter, MessageFilter
from .registry import ProviderRegistry
from .schemas import (
    MAX_IDS,
    MAX_MAPPINGS,
    CallRow,
    CatalogPart,
    IdsRequest,
    InstanceList,
    InstanceRow,
    MappingRelease,
    MappingResult,
    MappingRow,
    MappingsRemoval,
    MappingsRemoved,
    MappingsRequest,
    MappingsSaved,
    MessageDetail,
    MessageRow,
    PollRequested,
    Preview,
    PreviewRequest,
    ProviderCatalog,
    ProviderEntry,
    RowResult,
    RowResults,
    UnmappedKeyGroups,
    WebhookReceipt,
)
from .webhooks import receive_webhook

router = Router(tags=["providers"])
API = "/api/v1"
MAX_ID_DIGITS = 18

IdPage = Annotated[PageRequest[int], Depends(page_request(int))]
MappingPage = Annotated[
    PageRequest[str, str, str, str, str], Depends(page_request(str, str, str, str, str))
]


def _registry(request: Request) -> ProviderRegistry:
    registry: ProviderRegistry = request.app.state.registry
    return registry


@router.get(f"{API}/providers")
def provider_catalog(principal: CurrentPrincipal, request: Request) -> ProviderCatalog:
    """Return every provider that can be installed, with the schemas of its forms."""
    principal.require("providers.read")
    catalog = _registry(request).catalog
    return ProviderCatalog(items=[_entry(catalog[name]) for name in sorted(catalog)])


def _entry(provider: Provider) -> ProviderEntry:
    mappings = []
    for table in provider.mappings:
        mappings.append(CatalogPart(name=table, title=table.replace("_", " ").capitalize()))

    return ProviderEntry(
        name=provider.name,
        title=provider.title,
        category=provider.category,
        description=provider.description,
        connection_schema=provider.connection.model_json_schema(),
        parameters_schema=provider.parameters.model_json_schema(),
        actions=[CatalogPart(name=a.name, title=a.title) for a in provider.actions],
        messages=[CatalogPart(name=k.name, title=k.title) for k in provider.messages],
        mappings=mappings,
    )


@router.get(f"{API}/provider-instances")
def provider_instances(
    principal: CurrentPrincipal, session: ReadSession, request: Request
) -> InstanceList:
    """Return the installed providers with the state of their connections and inboxes."""
    principal.require("providers.read")
    return InstanceList(items=queries.list_instances(session, _registry(request)))


@router.post(f"{API}/provider-instances/{{name}}/probe")
def probe_instance(name: str, principal: CurrentPrincipal, request: Request) -> InstanceRow:
    """Test the connection with an authenticated request, and return the instance."""
    principal.require("providers.write")
    registry = _registry(request)
    probe(registry, database(request), name)
    with database(request).reading() as session:
        return queries.get_instance(session, registry, name)


@router.post(f"{API}/provider-instances/{{name}}/poll", status_code=202)
def poll_instance(name: str, principal: CurrentPrincipal, session: WriteSession) -> PollRequested:
    """Poll the instance as soon as a worker is free."""
    principal.require("providers.write")
    request_poll(session, name)
    return PollRequested()


@router.get(f"{API}/provider-calls")
def provider_calls(
    principal: CurrentPrincipal,
    session: ReadSession,
    paging: IdPage,
    instance: str = "",
    failed: bool = False,
) -> Page[CallRow]:
    """Return HTTP exchanges with other systems, the newest first."""
    principal.require("providers.read")
    after = paging.after[0] if paging.after else None
    rows = queries.list_calls(
        session, instance=instance, failed=failed, after=after, limit=paging.fetch_limit
    )
    return paging.page(rows, key=lambda row: (int(row.id),))


def _message_filter(
    state: str = "",
    instance: str = "",
    kind: str = "",
    search: str = "",
    sort: Annotated[
        Literal["", *STOPPED_SORTS.names],  # type: ignore[valid-type]
        Query(
            description="Parked, discarded and messages on hold are sorted by any of these,"
            " others by `received` only; descending with a leading -"
        ),
    ] = "",
) -> MessageFilter:
    return MessageFilter(
        state=_without_nul(state),
        instance=_without_nul(instance),
        kind=_without_nul(kind),
        search=_without_nul(search),
        sort=sort,
    )


def _without_nul(text: str) -> str:
    return text.replace("\x00", "")


@router.get(f"{API}/messages")
def messages(
    principal: CurrentPrincipal,
    session: ReadSession,
    request: Request,
    paging: Annotated[RawPageRequest, Depends(raw_page_request())],
    filters: Annotated[MessageFilter, Depends(_message_filter)],
) -> Page[MessageRow]:
    """Return received messages, the newest first unless sorted otherwise.

    `search` is a whole key, such as an order id, or part of a number, customer or e-mail of a
    parked message.
    """
    principal.require("providers.read")
    wanted = paging.keyed_by(*filters.sorted_by.field_types)
    rows = queries.list_messages(
        session, _registry(request), filters, after=wanted.after, limit=wanted.fetch_limit
    )
    return wanted.page(rows, key=filters.sorted_by.cursor)


@router.get(f"{API}/messages/unmapped-keys")
def unmapped_keys(
    principal: CurrentPrincipal, session: ReadSession, request: Request
) -> UnmappedKeyGroups:
    """Return the first 500 unmapped keys, those with the most messages first, with suggestions."""
    principal.require("providers.read")
    return UnmappedKeyGroups(items=queries.list_unmapped_keys(session, _registry(request)))


@router.get(f"{API}/messages/{{message}}")
def message(
    message: str, principal: CurrentPrincipal, session: ReadSession, request: Request
) -> MessageDetail:
    """Return a message with its payload and the result of its transformation."""
    principal.require("providers.read")
    return queries.get_message(session, _registry(request), _parse_message_id(message))


@router.post(f"{API}/messages/{{message}}/preview")
def preview(
    message: str,
    body: PreviewRequest,
    principal: CurrentPrincipal,
    session: ReadSession,
    request: Request,
) -> Preview:
    """Apply a transformation to a stored message without storing the result."""
    principal.require("providers.write")
    return queries.preview_message(
        session, _registry(request), _parse_message_id(message), body.transformation
    )


@router.post(f"{API}/messages/replay")
def replay_messages(
    body: IdsRequest, principal: CurrentPrincipal, session: WriteSession
) -> RowResults:
    """Process parked or discarded messages again."""
    principal.require("providers.write")
    replayed = replay(session, _parse_ids(body))
    return _row_results(body.ids, replayed, "is neither parked nor discarded")


@router.post(f"{API}/messages/discard")
def discard_messages(
    body: IdsRequest, principal: CurrentPrincipal, session: WriteSession
) -> RowResults:
    """Discard parked messages; they remain readable and can be replayed."""
    principal.require("providers.write")
    discarded = discard(session, _parse_ids(body))
    return _row_results(body.ids, discarded, "is not parked")


@router.get(f"{API}/mappings")
def mappings(
    principal: CurrentPrincipal,
    session: ReadSession,
    paging: MappingPage,
    filters: Annotated[MappingFilter, Depends()],
) -> Page[MappingRow]:
    """Return external keys and our names for them."""
    principal.require("providers.read")
    rows = queries.list_mappings(session, filters, after=paging.after, limit=paging.fetch_limit)
    return paging.page(
        rows, key=lambda row: (row.table, row.field, row.value, row.scope, row.scope_name)
    )


@router.put(f"{API}/mappings")
def save_mappings(
    body: MappingsRequest,
    principal: CurrentPrincipal,
    session: WriteSession,
    request: Request,
    now: Now,
) -> MappingsSaved:
    """Store up to 1,000 mappings; a malformed one is reported while the others are stored.

    Nothing is stored when one of them names a record that does not exist. Messages that waited for
    one of the keys are replayed; `replayed` is their number.
    """
    principal.require("providers.write")
    results, valid = _parse_mappings(body)
    if not valid:
        return MappingsSaved(results=results, replayed=0, messages=[])

    refuse_unknown_records(session, valid)
    documents = {}
    for mapping in valid.values():
        name = mapping.document_name
        documents[name] = {"kind": KIND, "name": name, "body": mapping.model_dump()}

    waiting = waiting_messages(session, list(valid.values()))
    configuration: Configuration = request.app.state.configuration
    configuration.apply(session, documents.values(), at=now, actor=principal.name)
    ids = [str(message.id) for message in waiting[:MAX_IDS]]
    return MappingsSaved(results=results, replayed=len(waiting), messages=ids)


@router.post(f"{API}/mappings/preview")
def preview_mappings(
    body: MappingsRequest, principal: CurrentPrincipal, session: ReadSession, request: Request
) -> MappingRelease:
    """Return which messages, orders and money storing these mappings would release."""
    principal.require("providers.read")
    _, valid = _parse_mappings(body)
    return preview_release(session, _registry(request), list(valid.values()))


@router.post(f"{API}/mappings/delete")
def delete_mappings(
    body: MappingsRemoval,
    principal: CurrentPrincipal,
    session: WriteSession,
    request: Request,
    now: Now,
) -> MappingsRemoved:
    """Delete up to 1,000 mappings; orders that were taken in with them remain.

    Of `messages`, those that have become orders are returned, and those that are not processed yet
    are parked again.
    """
    principal.require("providers.write")
    _require_at_most(body.mappings, MAX_MAPPINGS, "mappings")
    _require_at_most(body.messages, MAX_IDS, "messages")
    configuration: Configuration = request.app.state.configuration
    deleted = remove_mappings(session, configuration, body.mappings, now=now, actor=principal.name)
    ids = [int(text) for text in body.messages if _is_message_id(text)]
    orders = accepted_orders(session, _registry(request), ids)
    return MappingsRemoved(deleted=deleted, orders=orders)


def _parse_mappings(body: MappingsRequest) -> tuple[list[MappingResult], dict[int, MappingBody]]:
    """Return one result per mapping, and the well-formed ones by their place in the request."""
    _require_at_most(body.mappings, MAX_MAPPINGS, "mappings")
    results: list[MappingResult] = []
    valid: dict[int, MappingBody] = {}
    for place, given in enumerate(body.mappings):
        try:
            valid[place] = MappingBody.model_validate(given)
        except ValidationError as error:
            results.append(MappingResult(ok=False, reason=_reason(error)))
        else:
            results.append(MappingResult(ok=True, reason=""))

    return results, valid


def _reason(error: ValidationError) -> str:
    """Return the faults of a mapping as text."""
    faults = []
    for fault in error.errors():
        path = ".".join(map(str, fault["loc"])) or "mapping"
        faults.append(f"{path}: {fault['msg']}")
    return "; ".join(faults)


@router.post("/hooks/{instance}", tags=["webhooks"])
def webhook(instance: str, request: Request, body: RawBody, now: Now) -> WebhookReceipt:
    """Receive a webhook call of an installed provider; acknowledged once it is stored."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    registry = _registry(request)
    return receive_webhook(registry, database(request), instance, headers, body, now=now)


def _is_message_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_ID_DIGITS


def _parse_message_id(text: str) -> int:
    if not _is_message_id(text):
        raise NotFound(f"no message {text[:50]}", remedy="see the list of messages")
    return int(text)


def _parse_ids(body: IdsRequest) -> list[int]:
    """Return the ids of a request, without texts that cannot be one."""
    _require_at_most(body.ids, MAX_IDS, "ids")
    return sorted({int(text) for text in body.ids if _is_message_id(text)})


def _require_at_most(values: Sequence[Any], limit: int, where: str) -> None:
    if len(values) > limit:
        raise TooLarge(
            f"{len(values)} of at most {limit}", where=where, remedy="send them in several calls"
        )


def _row_results(ids: Sequence[str], changed: Sequence[int], reason: str) -> RowResults:
    """Return one result per id; `reason` says why one was not changed."""
    changed_ids = set(map(str, changed))
    results = []
    for text in ids:
        ok = text in changed_ids
        results.append(RowResult(id=text, ok=ok, reason="" if ok else reason))
    return RowResults(results=results)
