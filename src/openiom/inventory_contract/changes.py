"""On-hand changes and sets: reading them, counting each id once, and refusing a word older than what stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    InventoryConfiguration,
    Measure,
    MeasureChange,
    PostingResult,
    dimension_text,
    event_key,
    known_events,
    post_measures,
)
from openiom.kernel import Invalid, IomError, Refused
from openiom.platform.bulk import execute, fetch

from .body_parser import StockName, data_source_of, moment, quantities_of, stock_name, text
from .responses import PARTIAL, SUCCESS, Answer, succeeded

ALREADY = "this id was counted before; nothing changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One record of a change or a set. `modified_at` is when the sender knew it, None when it does not say."""

    record_id: str
    name: StockName
    quantities: Mapping[Measure, Decimal]
    modified_at: datetime | None = None


def read_change(record: Mapping[str, Any], configuration: InventoryConfiguration) -> Change:
    return Change(
        text(record, "id"),
        stock_name(record, configuration),
        quantities_of(record.get("quantities"), configuration),
    )


def read_set(
    record: Mapping[str, Any], configuration: InventoryConfiguration, system: str
) -> Change:
    """A record of a set. Raises Invalid when it sets quantities of another system."""
    owner = data_source_of(configuration, system, "inventorySystem").name
    change = read_change(record, configuration)
    other = next((source for source, _ in change.quantities if source != owner), None)
    if other:
        what = f"{other} quantities cannot be set by {system}"
        raise Invalid(
            what, where=f"quantities.{other}", remedy="set them under the system that owns them"
        )
    said = record.get("modifieddatetimeutc")
    return replace(change, modified_at=moment(said, "modifiedDateTimeUTC") if said else None)


def take_changes(
    session: Session,
    changes: Sequence[Change],
    *,
    configuration: InventoryConfiguration,
    now: datetime,
    actor: str,
) -> Sequence[Answer | IomError]:
    """Post differences; one answer a change."""
    posted = post_measures(
        session,
        [_measure_change(c, event_id=f"onhand:{c.record_id}") for c in changes],
        mode="change",
        formula=configuration.formula,
        now=now,
        actor=actor,
        cause="onhand",
    )
    return [_answer(c, p) for c, p in zip(changes, posted, strict=True)]


def take_sets(
    session: Session,
    changes: Sequence[Change],
    *,
    system: str,
    configuration: InventoryConfiguration,
    now: datetime,
    actor: str,
) -> Sequence[Answer | IomError]:
    """Make quantities what the records say, but for those that are older than what stands; one answer a record."""
    event_ids = [f"set:{system.lower()}:{change.record_id}" for change in changes]
    fresh, stale = _newest(session, changes, event_ids, now)
    kept = [i for i, change in enumerate(fresh) if change.quantities]
    posted = post_measures(
        session,
        [_measure_change(fresh[i], event_id=event_ids[i]) for i in kept],
        mode="set",
        formula=configuration.formula,
        now=now,
        actor=actor,
        cause="setonhand",
    )
    by_place = dict(zip(kept, posted, strict=True))
    answers: list[Answer | IomError] = []
    for i, change in enumerate(changes):
        said = _stale_message(stale[i])
        if i not in by_place:
            answers.append(succeeded(change.record_id, said))
        else:
            answers.append(
                _answer(change, by_place[i], message=said, status=PARTIAL if said else SUCCESS)
            )
    return answers


def _measure_change(change: Change, *, event_id: str) -> MeasureChange:
    name = change.name
    return MeasureChange(
        organization=name.organization,
        product=name.product,
        source=name.source,
        quantities=change.quantities,
        event_id=event_id,
        dimensions=name.dimensions,
        document=change.record_id,
    )


def _answer(
    change: Change, posted: PostingResult, message: str = "", status: str = SUCCESS
) -> Answer | IomError:
    if not posted.ok:
        return Refused(
            posted.reason,
            where="quantities",
            remedy="correct the quantity, or release reservations",
        )
    return succeeded(change.record_id, ALREADY if posted.duplicate else message, status=status)


def _stale_message(stale: Sequence[tuple[Measure, datetime]]) -> str:
    if not stale:
        return ""
    named = ", ".join(f"{s}.{m} stands as of {at:%Y-%m-%dT%H:%M:%SZ}" for (s, m), at in stale)
    return f"older than what stands, and ignored: {named}"


Stale = list[tuple[Measure, datetime]]


def _newest(
    session: Session, changes: Sequence[Change], event_ids: Sequence[str], now: datetime
) -> tuple[list[Change], list[Stale]]:
    """The changes with only the quantities that are news, and what of each is not. Marks stay locked until the end.

    A set that does not say when counts as of now; one counted before moves no mark.
    """
    stands = _locked_marks(
        session, sorted({_mark(c.name, m) for c in changes for m in c.quantities})
    )
    before = dict(stands)
    keys = [event_key(c.name.organization, e) for c, e in zip(changes, event_ids, strict=True)]
    counted = known_events(session, keys)
    fresh, stale = [], []
    for change, key in zip(changes, keys, strict=True):
        at = change.modified_at or now
        old = [
            (m, stands[_mark(change.name, m)])
            for m in change.quantities
            if at < stands[_mark(change.name, m)]
        ]
        ignored = {m for m, _ in old}
        kept = {m: q for m, q in change.quantities.items() if m not in ignored}
        if key not in counted:
            stands |= {_mark(change.name, m): at for m in kept}
        fresh.append(replace(change, quantities=kept))
        stale.append(old)
    _move_marks(session, {mark: at for mark, at in stands.items() if at != before[mark]})
    return fresh, stale


Mark = tuple[str, ...]
_MARK = "organization, product, source, dimensions, data_source, measure"
_LISTS = ", ".join(["%s::text[]"] * 6)


def _locked_marks(session: Session, marks: Sequence[Mark]) -> dict[Mark, datetime]:
    """When each measure was last set, locked in order; the epoch for one that never was."""
    columns = [[mark[i] for mark in marks] for i in range(6)]
    given = f"unnest({_LISTS}) AS g({_MARK})"
    execute(
        session,
        f"INSERT INTO inventory_visibility.set_mark ({_MARK}, modified_at) SELECT g.*, 'epoch' FROM {given}"
        " ON CONFLICT DO NOTHING",
        columns,
    )
    rows = fetch(
        session,
        f"SELECT {_MARK}, modified_at FROM inventory_visibility.set_mark JOIN {given} USING ({_MARK})"
        f" ORDER BY {_MARK} FOR UPDATE OF set_mark",
        columns,
    )
    return {tuple(row[:6]): row[6] for row in rows}


def _move_marks(session: Session, moved: Mapping[Mark, datetime]) -> None:
    if not moved:
        return
    same = " AND ".join(f"s.{name} = g.{name}" for name in _MARK.split(", "))
    execute(
        session,
        f"UPDATE inventory_visibility.set_mark s SET modified_at = g.at"
        f" FROM unnest({_LISTS}, %s::timestamptz[]) AS g({_MARK}, at) WHERE {same}",
        [*([mark[i] for mark in moved] for i in range(6)), list(moved.values())],
    )


def _mark(name: StockName, measure: Measure) -> Mark:
    return name.organization, name.product, name.source, dimension_text(name.dimensions), *measure
