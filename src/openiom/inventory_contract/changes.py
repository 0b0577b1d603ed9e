"""Changes and sets of on hand: an id counts once, and outdated values are ignored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

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
from openiom.platform.bulk import execute, fetch_as

from .body_parser import (
    StockName,
    data_source_of,
    moment,
    number,
    quantities_of,
    stock_name,
    text,
)
from .responses import PARTIAL, SUCCESS, RecordResult, succeeded

ALREADY_APPLIED = "this id was already applied; nothing changed"


@dataclass(slots=True)
class OnHandChange:
    """A record of a change or a set.

    `modified_at` is when its quantities were true at the sender; None when the record has no time.
    """

    record_id: str
    name: StockName
    quantities: Mapping[Measure, Decimal]
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CurrentQuantities:
    """A set without its outdated quantities, and the times of the newer values of those."""

    change: OnHandChange
    outdated: Mapping[Measure, datetime]


class ChangeReader:
    """Reads the changes and sets of one request.

    Records of a bulk repeat their dimensions and measures. What they mean is found once and kept
    for the other records; a fault is not kept, so that each record is refused for its own.
    """

    def __init__(self, configuration: InventoryConfiguration) -> None:
        self._configuration = configuration
        self._stocks: dict[tuple[str, ...], StockName] = {}
        self._measures: dict[tuple[tuple[str, ...], ...], list[tuple[Measure, str]]] = {}

    def read_change(self, record: Mapping[str, Any]) -> OnHandChange:
        """Return the change in a record with lower-case names. Raises Invalid."""
        return OnHandChange(
            text(record, "id"), self._stock_name(record), self._quantities(record.get("quantities"))
        )

    def read_set(self, record: Mapping[str, Any], system: str) -> OnHandChange:
        """Return the set in a record. Raises Invalid when it sets quantities of another system."""
        owner = data_source_of(self._configuration, system, "inventorySystem").name
        change = self.read_change(record)

        for source, _ in change.quantities:
            if source != owner:
                raise Invalid(
                    f"{source} quantities cannot be set by {system}",
                    where=f"quantities.{source}",
                    remedy="set them under the system that owns them",
                )

        modified = record.get("modifieddatetimeutc")
        if not modified:
            return change

        return replace(change, modified_at=moment(modified, "modifiedDateTimeUTC"))

    def _stock_name(self, record: Mapping[str, Any]) -> StockName:
        key = _place_key(record)
        known = self._stocks.get(key) if key else None
        if known is not None:
            product = text(record, "productId")
            return StockName(known.organization, product, known.source, known.dimensions)

        found = stock_name(record, self._configuration)
        if key:
            self._stocks[key] = found

        return found

    def _quantities(self, value: Any) -> Mapping[Measure, Decimal]:
        shape = _shape(value)
        known = self._measures.get(shape) if shape else None
        if known is None:
            found = quantities_of(value, self._configuration)
            if shape:
                self._measures[shape] = list(zip(found, _paths(shape), strict=True))
            return found

        given = [quantity for measures in value.values() for quantity in measures.values()]
        quantities: dict[Measure, Decimal] = {}
        for (measure, path), quantity in zip(known, given, strict=True):
            quantities[measure] = number(quantity, path)
        return quantities


def _place_key(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a record says of its stock except the product; nothing unless it is all text."""
    dimensions = record.get("dimensions")
    if type(dimensions) is not dict:
        return ()

    key = (
        record.get("organizationid", ""),
        record.get("dimensiondatasource", ""),
        *dimensions,
        *dimensions.values(),
    )
    return key if set(map(type, key)) == {str} else ()


def _shape(value: Any) -> tuple[tuple[str, ...], ...]:
    """Return the names of {data source: {measure: number}}; nothing for any other value."""
    if type(value) is not dict:
        return ()

    shape: list[tuple[str, ...]] = []
    for source, measures in value.items():
        if type(measures) is not dict:
            return ()
        shape.append((source, *measures))
    return tuple(shape)


def _paths(shape: Iterable[tuple[str, ...]]) -> list[str]:
    """Return where the quantities of a shape are, as `quantities_of` names them."""
    paths: list[str] = []
    for source, *measures in shape:
        for measure in measures:
            paths.append(f"quantities.{source.lower()}.{measure.lower()}")
    return paths


def apply_changes(
    session: Session,
    changes: Sequence[OnHandChange],
    *,
    configuration: InventoryConfiguration,
    now: datetime,
    actor: str,
) -> Sequence[RecordResult | IomError]:
    """Add the quantities of every change; return one result each."""
    posted = post_measures(
        session,
        [_measure_change(c, event_id=f"onhand:{c.record_id}") for c in changes],
        mode="change",
        formula=configuration.formula,
        now=now,
        actor=actor,
        cause="onhand",
    )
    return [_result(change, result) for change, result in zip(changes, posted, strict=True)]


def apply_sets(
    session: Session,
    changes: Sequence[OnHandChange],
    *,
    system: str,
    configuration: InventoryConfiguration,
    now: datetime,
    actor: str,
) -> Sequence[RecordResult | IomError]:
    """Replace quantities, except by values older than the current ones; return one result each."""
    event_ids = [f"set:{system.lower()}:{change.record_id}" for change in changes]
    current = _current_quantities(session, changes, event_ids, now)
    indexes = [i for i, one in enumerate(current) if one.change.quantities]
    posted = post_measures(
        session,
        [_measure_change(current[i].change, event_id=event_ids[i]) for i in indexes],
        mode="set",
        formula=configuration.formula,
        now=now,
        actor=actor,
        cause="setonhand",
    )
    posted_by_index = dict(zip(indexes, posted, strict=True))

    results: list[RecordResult | IomError] = []
    for index, change in enumerate(changes):
        message = _outdated_message(current[index].outdated)
        status = PARTIAL if message else SUCCESS
        if index in posted_by_index:
            results.append(_result(change, posted_by_index[index], message=message, status=status))
        else:
            results.append(succeeded(change.record_id, message))

    return results


def _measure_change(change: OnHandChange, *, event_id: str) -> MeasureChange:
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


def _result(
    change: OnHandChange, posted: PostingResult, message: str = "", status: str = SUCCESS
) -> RecordResult | IomError:
    if not posted.ok:
        return Refused(
            posted.reason,
            where="quantities",
            remedy="correct the quantity, or release reservations",
        )

    if posted.duplicate:
        message = ALREADY_APPLIED

    return succeeded(change.record_id, message, status=status)


def _outdated_message(outdated: Mapping[Measure, datetime]) -> str:
    if not outdated:
        return ""
    parts = []
    for (source, measure), modified_at in outdated.items():
        parts.append(f"{source}.{measure} was set as of {modified_at:%Y-%m-%dT%H:%M:%SZ}")
    return f"older than the current values and ignored: {', '.join(parts)}"


class WatermarkKey(NamedTuple):
    """The primary key of a measure's watermark."""

    organization: str
    product: str
    source: str
    dimensions: str
    data_source: str
    measure: str


class Watermark(NamedTuple):
    """A row of `measure_watermark`."""

    organization: str
    product: str
    source: str
    dimensions: str
    data_source: str
    measure: str
    modified_at: datetime

    @property
    def key(self) -> WatermarkKey:
        return WatermarkKey(*self[:-1])


_KEY = ", ".join(WatermarkKey._fields)
_SAME_KEY = " AND ".join(map("w.{0} = g.{0}".format, WatermarkKey._fields))
_KEY_ARRAYS = ", ".join(["%s::text[]"] * len(WatermarkKey._fields))


def _current_quantities(
    session: Session, changes: Sequence[OnHandChange], event_ids: Sequence[str], now: datetime
) -> list[CurrentQuantities]:
    """Return the changes without outdated quantities and advance the watermarks.

    Watermarks remain locked until the transaction ends. A set without a time has the time `now`;
    one that was already applied advances no watermark.
    """
    keys = _event_keys(changes, event_ids)
    stored = _locked_watermarks(session, changes)
    watermarks = dict(stored)
    applied = known_events(session, keys)

    result: list[CurrentQuantities] = []
    for change, key in zip(changes, keys, strict=True):
        current = _without_outdated(change, change.modified_at or now, watermarks)
        result.append(current)
        if key not in applied:
            for measure in current.change.quantities:
                watermarks[_watermark_key(change.name, measure)] = change.modified_at or now

    _update_watermarks(session, dict(watermarks.items() - stored.items()))
    return result


def _event_keys(changes: Sequence[OnHandChange], event_ids: Sequence[str]) -> list[str | None]:
    keys: list[str | None] = []
    for change, event_id in zip(changes, event_ids, strict=True):
        keys.append(event_key(change.name.organization, event_id))
    return keys


def _without_outdated(
    change: OnHandChange, modified_at: datetime, watermarks: Mapping[WatermarkKey, datetime]
) -> CurrentQuantities:
    """Return the change without quantities that are older than their watermarks."""
    quantities: dict[Measure, Decimal] = {}
    outdated: dict[Measure, datetime] = {}
    for measure, quantity in change.quantities.items():
        watermark = watermarks[_watermark_key(change.name, measure)]
        if modified_at < watermark:
            outdated[measure] = watermark
        else:
            quantities[measure] = quantity

    return CurrentQuantities(replace(change, quantities=quantities), outdated)


def _locked_watermarks(
    session: Session, changes: Sequence[OnHandChange]
) -> dict[WatermarkKey, datetime]:
    """Return the watermarks of all measures of the changes, locked in order.

    The watermark of a measure that was never set is the epoch.
    """
    keys: set[WatermarkKey] = set()
    for change in changes:
        keys.update(_watermark_key(change.name, measure) for measure in change.quantities)

    columns = _key_columns(sorted(keys))
    given = f"unnest({_KEY_ARRAYS}) AS g({_KEY})"
    execute(
        session,
        f"INSERT INTO inventory_contract.measure_watermark ({_KEY}, modified_at)"
        f" SELECT {_KEY}, 'epoch' FROM {given} ON CONFLICT DO NOTHING",
        columns,
    )
    rows = fetch_as(
        session,
        Watermark,
        f"SELECT {_KEY}, modified_at FROM inventory_contract.measure_watermark"
        f" JOIN {given} USING ({_KEY}) ORDER BY {_KEY} FOR UPDATE OF measure_watermark",
        columns,
    )
    return {row.key: row.modified_at for row in rows}


def _update_watermarks(session: Session, watermarks: Mapping[WatermarkKey, datetime]) -> None:
    if not watermarks:
        return

    execute(
        session,
        "UPDATE inventory_contract.measure_watermark w SET modified_at = g.modified_at"
        f" FROM unnest({_KEY_ARRAYS}, %s::timestamptz[]) AS g({_KEY}, modified_at)"
        f" WHERE {_SAME_KEY}",
        [*_key_columns(list(watermarks)), list(watermarks.values())],
    )


def _key_columns(keys: Sequence[WatermarkKey]) -> list[list[str]]:
    """Return the values of every key column as one list."""
    columns: list[list[str]] = []
    for name in WatermarkKey._fields:
        columns.append([getattr(key, name) for key in keys])
    return columns


def _watermark_key(name: StockName, measure: Measure) -> WatermarkKey:
    data_source, measure_name = measure
    return WatermarkKey(
        name.organization,
        name.product,
        name.source,
        dimension_text(name.dimensions),
        data_source,
        measure_name,
    )
