"""Outside keys to our names: exact, by precedence instance, group, default; and what happens once one appears."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch
from openiom.platform.configuration import Document, DocumentKind
from openiom.platform.events import notify

from .messages import INBOX_WAKE

KIND = "mapping"
Lookup = tuple[str, str, str]  # table, field, value
Table = Literal[
    "account", "contact", "price_list", "product", "unit", "unit_group", "warehouse", "currency"
]


class MappingBody(BaseModel):
    """One outside key. `scope_name` is the instance or the mapping group; empty for the default.

    Value `*` with internal `*` maps every key of this table and field to the name it already is.
    """

    model_config = ConfigDict(extra="forbid")

    table: Table
    field: str = Field(min_length=1, max_length=200)
    value: str = Field(max_length=500)
    internal: str = Field(min_length=1, max_length=200)
    scope: Literal["instance", "group", "default"] = "default"
    scope_name: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.scope == "default") != (self.scope_name == ""):
            raise ValueError(
                "scope_name names the instance or group, and is empty for the default scope"
            )
        if (self.value == SAME) != (self.internal == SAME):
            raise ValueError("* maps to * only: every key is the name it already is")
        return self

    @property
    def document_name(self) -> str:
        """The logical name a mapping's document carries."""
        scope = self.scope if self.scope == "default" else f"{self.scope}:{self.scope_name}"
        return f"{self.table}/{scope}/{self.field}={self.value}"


SAME = "*"
ITSELF = ""
"""As the field of a missing key: no mapping is missing, but the master data of that name."""
"""A mapping of value * to * says: what the outside calls it is what we call it, unless an exact mapping says else."""
_SCOPED = (
    " AND (m.scope, m.scope_name) IN (('instance', %s), ('group', %s), ('default', ''))"
    " ORDER BY w.t, w.f, w.v, {exact} DESC, array_position(ARRAY['instance', 'group', 'default'], m.scope){then}"
)


def resolve(
    session: Session, instance: str, mapping_group: str, lookups: Iterable[Lookup]
) -> dict[Lookup, str]:
    """Our names behind these keys, for one instance, in one query. Unknown keys are absent."""
    wanted = list(dict.fromkeys(lookups))
    if not wanted:
        return {}
    rows = fetch(
        session,
        "SELECT DISTINCT ON (w.t, w.f, w.v) w.t, w.f, w.v,"
        f" CASE WHEN m.internal = '{SAME}' THEN w.v ELSE m.internal END"
        " FROM unnest(%s::text[], %s::text[], %s::text[]) AS w(t, f, v)"
        f" JOIN providers.id_mapping m ON m.table_name = w.t AND m.field = w.f AND m.value IN (w.v, '{SAME}')"
        + _SCOPED.format(exact="(m.value = w.v)", then=""),
        (
            [w[0] for w in wanted],
            [w[1] for w in wanted],
            [w[2] for w in wanted],
            instance,
            mapping_group,
        ),
    )
    return {(table, field, value): internal for table, field, value, internal in rows}


def resolve_outside(
    session: Session, instance: str, mapping_group: str, lookups: Iterable[Lookup]
) -> dict[Lookup, str]:
    """The other way round: (table, field, our name) to the outside's value. The first by value where there are many."""
    wanted = list(dict.fromkeys(lookups))
    if not wanted:
        return {}
    rows = fetch(
        session,
        f"SELECT DISTINCT ON (w.t, w.f, w.v) w.t, w.f, w.v, CASE WHEN m.value = '{SAME}' THEN w.v ELSE m.value END"
        " FROM unnest(%s::text[], %s::text[], %s::text[]) AS w(t, f, v)"
        f" JOIN providers.id_mapping m ON m.table_name = w.t AND m.field = w.f AND m.internal IN (w.v, '{SAME}')"
        + _SCOPED.format(exact="(m.internal = w.v)", then=", m.value"),
        (
            [w[0] for w in wanted],
            [w[1] for w in wanted],
            [w[2] for w in wanted],
            instance,
            mapping_group,
        ),
    )
    return {(table, field, value): outside for table, field, value, outside in rows}


def step_to(document: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """The object that holds the last name of a path such as `lines[2].product`, made on the way, and that name."""
    target: Any = document
    *parents, name = path.replace("[", ".").replace("]", "").split(".")
    for parent in parents:
        target = target[int(parent)] if isinstance(target, list) else target.setdefault(parent, {})
    return target, name


def _applied(session: Session, documents: Sequence[Document]) -> None:
    bodies = [MappingBody.model_validate(d.body) for d in documents]
    columns = [
        [getattr(b, c) for b in bodies]
        for c in ("table", "field", "value", "scope", "scope_name", "internal")
    ]
    execute(
        session,
        "INSERT INTO providers.id_mapping (table_name, field, value, scope, scope_name, internal)"
        " SELECT DISTINCT ON (1, 2, 3, 4, 5) * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[],"
        " %s::text[], %s::text[]) ON CONFLICT (table_name, field, value, scope, scope_name)"
        " DO UPDATE SET internal = excluded.internal",
        columns,
    )
    replay_waiting(session, [(b.table, b.field, b.value, b.scope, b.scope_name) for b in bodies])


def waiting_for(session: Session, lookups: Sequence[tuple[str, str, str]]) -> int:
    """How many parked messages miss at least one of these (table, field, value); a value of `*` is any."""
    rows = fetch(
        session,
        "SELECT count(DISTINCT k.message_id) FROM providers.unmapped_key k"
        " JOIN unnest(%s::text[], %s::text[], %s::text[]) AS w(t, f, v)"
        f" ON k.table_name = w.t AND k.field = w.f AND (k.value = w.v OR w.v = '{SAME}')",
        [list(column) for column in zip(*lookups, strict=True)],
    )
    return int(rows[0][0])


def replay_waiting(session: Session, keys: Sequence[tuple[str, str, str, str, str]]) -> int:
    """Send parked messages that missed one of these keys back to the inbox; one still missing others parks again.

    A key is (table, field, value, scope, scope_name); a value of `*` frees all that miss the field.
    """
    rows = fetch(
        session,
        "WITH hit AS (SELECT m.id FROM providers.message m WHERE m.state = 'parked' AND m.id IN"
        " (SELECT k.message_id FROM providers.unmapped_key k JOIN unnest(%s::text[], %s::text[], %s::text[], %s::text[],"
        " %s::text[]) AS w(t, f, v, s, n) ON k.table_name = w.t AND k.field = w.f"
        f" AND (k.value = w.v OR w.v = '{SAME}')"
        " AND (w.s <> 'instance' OR w.n = k.instance)) ORDER BY m.id FOR UPDATE),"
        " freed AS (DELETE FROM providers.unmapped_key k USING hit WHERE k.message_id = hit.id)"
        " UPDATE providers.message m SET state = 'received', error = NULL FROM hit WHERE m.id = hit.id RETURNING m.id",
        [list(column) for column in zip(*keys, strict=True)],
    )
    if rows:
        notify(session, INBOX_WAKE)
    return len(rows)


def replay_messages_needing(session: Session, kind: str, names: Sequence[str]) -> int:
    """Send messages back to the inbox that a room refused because this master data was not there; returns how many."""
    return replay_waiting(session, [(kind, ITSELF, name, "default", "") for name in names])


def _removed(session: Session, names: Sequence[str]) -> None:
    execute(
        session,
        "DELETE FROM providers.id_mapping m USING platform.configuration_document d WHERE d.kind = 'mapping'"
        " AND d.name = ANY(%s) AND d.current AND m.table_name = d.body->>'table' AND m.field = d.body->>'field'"
        " AND m.value = d.body->>'value' AND m.scope = coalesce(d.body->>'scope', 'default')"
        " AND m.scope_name = coalesce(d.body->>'scope_name', '')",
        (list(names),),
    )


MAPPING_KIND = DocumentKind(
    KIND,
    MappingBody,
    45,
    on_apply=_applied,
    on_delete=_removed,
    references={
        "provider_instance": ('$ ? (@.scope == "instance").scope_name',),
        "source": ('$ ? (@.table == "warehouse").internal',),
        **{
            kind: (f'$ ? (@.table == "{kind}").internal',)
            for kind in ("account", "currency", "price_list", "product", "unit")
        },
    },
)
