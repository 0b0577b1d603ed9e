"""
Import of JSON files with inventory on hand, each posted or refused as a whole.

    {"messagetype": "inventoryonhand", "feedtype": "overwrite" | "incremental", "source": "erp",
     "customdimensions": {"plant": "SiteId"},
     "onhand": [{"organizationId": "usmf", "productId": "D0001",
                 "dimensions": {"plant": "1", "LocationId": "11"},
                 "quantities": {"unrestricted": 20}}]}

`overwrite` sets the measures an item names and leaves all others; `incremental` adds to them. A
file is identified by name and content: importing it twice changes nothing. It is refused as a
whole, because a corrected incremental file must not count its valid items twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    InventoryConfiguration,
    Measure,
    MeasureChange,
    configuration_for_writing,
    post_measures,
)
from openiom.kernel import Invalid, IomError, Problem, TooLarge
from openiom.platform.bulk import execute, fetch

from .body_parser import (
    StockName,
    base_name,
    data_source_of,
    folded,
    number,
    read_json,
    stock_name,
    text,
)

MESSAGE_TYPE = "inventoryonhand"
MODES: Mapping[str, Literal["set", "change"]] = {"overwrite": "set", "incremental": "change"}
MAX_ITEMS = 500_000
MAX_PROBLEMS = 100
CHUNK_SIZE = 2_000
ACTOR = "inventory feed"


@dataclass(frozen=True, slots=True)
class FeedItem:
    """The quantities of one stock."""

    stock: StockName
    quantities: Mapping[Measure, Decimal]


@dataclass(frozen=True, slots=True)
class InventoryFeed:
    """The content of a file: its data source, `overwrite` or `incremental`, and its items."""

    data_source: str
    feed_type: str
    items: Sequence[FeedItem]


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """The outcome of an import.

    `problems` is empty when the file was posted; `known` is set when it was posted before.
    """

    feed: InventoryFeed | None
    problems: Sequence[Problem] = ()
    known: bool = False


def read_feed(content: bytes, configuration: InventoryConfiguration) -> InventoryFeed:
    """Return the content of a file.

    Raises Invalid with all problems (at most 100), each with path and remedy.
    """
    given = folded(read_json(content), "file")
    if text(given, "messagetype").lower() != MESSAGE_TYPE:
        raise Invalid(
            f"is not {MESSAGE_TYPE}", where="messagetype", remedy="send inventory on hand only"
        )

    feed_type = text(given, "feedtype").lower()
    if feed_type not in MODES:
        raise Invalid(
            f"there is no feed type {feed_type}",
            where="feedtype",
            remedy="send overwrite or incremental",
        )

    source = data_source_of(configuration, text(given, "source"), "source")
    custom = _custom_dimensions(given.get("customdimensions"), configuration)
    items, problems = [], list[Problem]()

    for index, item in enumerate(_given_items(given.get("onhand"))):
        try:
            items.append(_item(folded(item, ""), source.name, custom, configuration))
        except IomError as error:
            path = f"onhand[{index}].{error.where}".rstrip(".")
            problems.append(Problem(path, error.what, error.remedy))
            if len(problems) == MAX_PROBLEMS:
                break

    if problems:
        raise Invalid("some items are invalid", problems=problems)

    return InventoryFeed(source.name, feed_type, items)


def _given_items(value: Any) -> Sequence[Any]:
    if not isinstance(value, list) or not value:
        raise Invalid(
            "contains no items",
            where="onhand",
            remedy='send [{"productId": ..., "quantities": {...}}]',
        )
    if len(value) > MAX_ITEMS:
        raise TooLarge(
            f"{len(value)} items are more than {MAX_ITEMS}",
            where="onhand",
            remedy="split the file",
        )

    return value


def _custom_dimensions(value: Any, configuration: InventoryConfiguration) -> Mapping[str, str]:
    """Return base dimensions by the lower-case names that the file defines for them."""
    if value is None:
        return {}
    dimensions: dict[str, str] = {}
    for name, base in folded(value, "customdimensions").items():
        dimensions[name] = base_name(str(base), configuration, where="customdimensions")
    return dimensions


def _item(
    record: Mapping[str, Any],
    source: str,
    custom: Mapping[str, str],
    configuration: InventoryConfiguration,
) -> FeedItem:
    dimensions = record.get("dimensions")
    if isinstance(dimensions, dict):
        dimensions = {custom.get(name.lower(), name): value for name, value in dimensions.items()}

    stock_record = {
        **record,
        "organizationid": record.get("organizationid") or configuration.own_organization,
        "dimensions": dimensions,
        "dimensiondatasource": source,
    }
    stock = stock_name(stock_record, configuration)
    return FeedItem(stock, _quantities(record.get("quantities"), source, configuration))


def _quantities(
    value: Any, source: str, configuration: InventoryConfiguration
) -> dict[Measure, Decimal]:
    """Return quantities by measure of the file's data source, which may be a read-only one."""
    quantities: dict[Measure, Decimal] = {}
    physical = configuration.sources[source].physical

    for name, quantity in folded(value, "quantities").items():
        path = f"quantities.{name}"
        if name not in physical:
            raise Invalid(
                f"{source}.{name} is not a physical measure",
                where=path,
                remedy="add it to the inventory configuration",
            )
        if (source, name) in configuration.reservation:
            raise Invalid(
                "is a soft-reservation measure", where=path, remedy="reserve through the API"
            )

        quantities[source, name] = number(quantity, path)

    if not quantities:
        raise Invalid(
            "contains no quantity", where="quantities", remedy='send {"unrestricted": 20}'
        )

    return quantities


def import_file(session: Session, *, name: str, content: bytes, now: datetime) -> ImportOutcome:
    """Post the items of a file and record its outcome. A refused file posts nothing."""
    digest = sha256(name.encode() + b"\0" + content).hexdigest()
    done = fetch(
        session,
        "SELECT 1 FROM inventory_contract.feed_file"
        " WHERE name = %s AND digest = %s AND state = 'done'",
        (name, digest),
    )
    if done:
        return ImportOutcome(None, known=True)

    try:
        configuration = configuration_for_writing(session)
        feed = read_feed(content, configuration)

        with session.begin_nested():
            _post(session, feed, configuration, name=name, digest=digest, now=now)
    except IomError as error:
        problems = error.problems or (Problem(error.where or "file", error.what, error.remedy),)
        outcome = ImportOutcome(None, problems)
    else:
        outcome = ImportOutcome(feed)

    _record(session, outcome, name=name, digest=digest, now=now)
    return outcome


def _post(
    session: Session,
    feed: InventoryFeed,
    configuration: InventoryConfiguration,
    *,
    name: str,
    digest: str,
    now: datetime,
) -> None:
    """Post all items. Raises Invalid when some are refused."""
    for start in range(0, len(feed.items), CHUNK_SIZE):
        changes = []
        for index, item in enumerate(feed.items[start : start + CHUNK_SIZE], start):
            changes.append(
                MeasureChange(
                    organization=item.stock.organization,
                    product=item.stock.product,
                    source=item.stock.source,
                    quantities=item.quantities,
                    event_id=f"feed:{digest[:32]}/{index}",
                    dimensions=item.stock.dimensions,
                    document=name,
                )
            )

        posted = post_measures(
            session,
            changes,
            mode=MODES[feed.feed_type],
            formula=configuration.formula,
            now=now,
            actor=ACTOR,
            cause="feed",
        )
        problems = []
        for index, result in enumerate(posted, start):
            if not result.ok:
                remedy = "correct the item and import the corrected file"
                problems.append(Problem(f"onhand[{index}]", result.reason, remedy))

        if problems:
            raise Invalid("some items are refused", problems=problems[:MAX_PROBLEMS])


def _record(
    session: Session, outcome: ImportOutcome, *, name: str, digest: str, now: datetime
) -> None:
    feed = outcome.feed
    problems = outcome.problems
    execute(
        session,
        "INSERT INTO inventory_contract.feed_file (name, digest, state, data_source, feed_type,"
        " records, problems, problem, recorded_at)"
        " VALUES (%(name)s, %(digest)s, %(state)s, %(data_source)s, %(feed_type)s,"
        " %(records)s, %(problems)s, %(problem)s, %(recorded_at)s)"
        " ON CONFLICT (name, digest) DO UPDATE SET state = excluded.state,"
        " data_source = excluded.data_source, feed_type = excluded.feed_type,"
        " records = excluded.records, problems = excluded.problems,"
        " problem = excluded.problem, recorded_at = excluded.recorded_at",
        {
            "name": name,
            "digest": digest,
            "state": "error" if problems else "done",
            "data_source": feed.data_source if feed else "",
            "feed_type": feed.feed_type if feed else "",
            "records": len(feed.items) if feed else 0,
            "problems": len(problems),
            "problem": str(problems[0]) if problems else "",
            "recorded_at": now,
        },
    )
