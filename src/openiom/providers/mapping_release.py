"""What mappings release before they are stored, and what they have released when undone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from openiom.kernel import IomError
from openiom.platform.bulk import fetch_as
from openiom.policies import Transformed

from .mapping import mapping_arrays
from .mapping_body import WILDCARD, MappingBody
from .mapping_rules import Lookup, locate, lookup_of
from .message_total import ORDER, amount_of
from .registry import ProviderInstance, ProviderRegistry
from .schemas import ExternalItem, MappingRelease, ReleasedAmount, ReleasedOrder

MAX_EXAMINED = 1_000
MAX_EXAMPLES = 3

_WAITING = f"""
WITH given AS (
  SELECT * FROM unnest(%(table_name)s::text[], %(field)s::text[], %(value)s::text[],
    %(scope)s::text[], %(scope_name)s::text[]) AS g(table_name, field, value, scope, scope_name)),
matched AS (
  SELECT DISTINCT k.message_id, k.table_name, k.field, k.value
  FROM providers.unmapped_key k
  JOIN given g ON g.table_name = k.table_name AND g.field = k.field
    AND g.value IN (k.value, '{WILDCARD}')
  LEFT JOIN providers.provider_instance p ON p.name = k.instance
  WHERE (g.scope, g.scope_name) IN
    (('default', ''), ('instance', k.instance), ('group', p.mapping_group)))
SELECT m.id, m.instance, m.kind, m.key,
  count(*) < (SELECT count(*) FROM providers.unmapped_key o WHERE o.message_id = m.id)
    AS needs_more
FROM matched JOIN providers.message m ON m.id = matched.message_id AND m.state = 'parked'
GROUP BY m.id ORDER BY m.id
"""
_PAYLOADS = """
SELECT id, instance, kind, payload FROM providers.message
WHERE id = ANY(%(ids)s::bigint[]) ORDER BY instance, kind, id
"""
_ACCEPTED = """
SELECT DISTINCT ON (instance, key) kind, instance, key, entity_id FROM providers.message
WHERE id = ANY(%(ids)s::bigint[]) AND state = 'processed' AND entity_id <> ''
ORDER BY instance, key, id DESC
"""


class WaitingMessage(NamedTuple):
    """A parked message that mappings release, or that needs other mappings as well."""

    id: int
    instance: str
    kind: str
    key: str
    needs_more: bool


class _Payload(NamedTuple):
    id: int
    instance: str
    kind: str
    payload: str


class _Accepted(NamedTuple):
    kind: str
    instance: str
    key: str
    entity_id: str


@dataclass
class _Examined:
    """What the documents of waiting messages say: what is ordered, and for how much money."""

    amounts: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    orders: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    items: dict[ExternalItem, None] = field(default_factory=dict)

    def add_order(self, document: Mapping[str, Any]) -> None:
        currency = str(document.get("currency") or "")
        self.amounts[currency] += amount_of(document.get("total_amount")) or 0
        self.orders[currency] += 1

    def add_items(self, result: Transformed, lookups: frozenset[Lookup]) -> None:
        for key in result.keys:
            lookup = lookup_of(key)
            is_wanted = lookup in lookups or lookup._replace(value=WILDCARD) in lookups
            if is_wanted and key.into is not None and len(self.items) < MAX_EXAMPLES:
                item, _ = locate(result.document, key.into)
                self.items[_external_item(lookup, item, result.document)] = None


def waiting_messages(session: Session, mappings: Sequence[MappingBody]) -> list[WaitingMessage]:
    """Return the parked messages that need one of these mappings, the oldest first."""
    return fetch_as(session, WaitingMessage, _WAITING, mapping_arrays(mappings))


def preview_release(
    session: Session, registry: ProviderRegistry, mappings: Sequence[MappingBody]
) -> MappingRelease:
    """Return what storing these mappings would release.

    Counts are exact. Money is that of the latest message of each of the first 1,000 orders;
    `amounts_complete` says whether these are all.
    """
    waiting = waiting_messages(session, mappings)
    released = [message for message in waiting if not message.needs_more]
    orders = _latest_orders(session, registry, released)
    examined_ids = sorted(orders)[:MAX_EXAMINED]
    if not orders:
        examined_ids = [message.id for message in waiting[:MAX_EXAMPLES]]

    lookups = frozenset(mapping.lookup for mapping in mappings)
    examined = _examine(session, registry, examined_ids, lookups, frozenset(orders))
    amounts = []
    for currency, amount in sorted(examined.amounts.items()):
        orders_of_currency = examined.orders[currency]
        amounts.append(ReleasedAmount(currency=currency, amount=amount, orders=orders_of_currency))

    return MappingRelease(
        messages=len(released),
        needing_more=len(waiting) - len(released),
        orders=len(orders),
        amounts=amounts,
        amounts_complete=len(orders) <= MAX_EXAMINED,
        external=list(examined.items),
    )


def _latest_orders(
    session: Session, registry: ProviderRegistry, messages: Iterable[WaitingMessage]
) -> set[int]:
    """Return the ids of the latest message of each order."""
    is_order: dict[tuple[str, str], bool] = {}
    latest: dict[tuple[str, str], int] = {}
    for message in messages:
        kind = (message.instance, message.kind)
        if kind not in is_order:
            is_order[kind] = _becomes_order(session, registry, *kind)
        if is_order[kind]:
            latest[message.instance, message.key] = message.id
    return set(latest.values())


def _becomes_order(session: Session, registry: ProviderRegistry, instance: str, kind: str) -> bool:
    try:
        return registry.open(session, instance).message_kind(kind).document == ORDER
    except IomError:  # The instance or its provider is gone; its messages release nothing.
        return False


def _examine(
    session: Session,
    registry: ProviderRegistry,
    ids: Sequence[int],
    lookups: frozenset[Lookup],
    orders: frozenset[int],
) -> _Examined:
    examined = _Examined()
    for message, result in _transformed(session, registry, ids):
        examined.add_items(result, lookups)
        if message.id in orders:
            examined.add_order(result.document)
    return examined


def _transformed(
    session: Session, registry: ProviderRegistry, ids: Sequence[int]
) -> Iterator[tuple[_Payload, Transformed]]:
    """Yield messages with their documents, without those that cannot be transformed now."""
    rows = fetch_as(session, _Payload, _PAYLOADS, {"ids": list(ids)})
    for (instance, kind), group in groupby(rows, key=lambda row: (row.instance, row.kind)):
        opened = _open(session, registry, instance)
        if opened is None:
            continue

        messages = list(group)
        results = opened.transform(kind, [message.payload for message in messages])
        for message, result in zip(messages, results, strict=True):
            if isinstance(result, Transformed):
                yield message, result


def _open(session: Session, registry: ProviderRegistry, instance: str) -> ProviderInstance | None:
    try:
        return registry.open(session, instance)
    except IomError:  # As in `_becomes_order`.
        return None


def _external_item(
    lookup: Lookup, item: Mapping[str, Any], document: Mapping[str, Any]
) -> ExternalItem:
    """Return what the sender calls the record of a lookup, where its document says so."""
    return ExternalItem(
        value=lookup.value,
        name=str(item.get("name") or ""),
        unit_price=amount_of(item.get("unit_price")),
        currency=str(document.get("currency") or ""),
    )


def accepted_orders(
    session: Session, registry: ProviderRegistry, messages: Sequence[int]
) -> list[ReleasedOrder]:
    """Return the orders that were created or changed by these messages, by their key."""
    orders = []
    for row in fetch_as(session, _Accepted, _ACCEPTED, {"ids": list(messages)}):
        if _becomes_order(session, registry, row.instance, row.kind):
            orders.append(ReleasedOrder(id=row.entity_id, number=row.key))
    return orders
