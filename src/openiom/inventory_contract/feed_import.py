"""
The inventory file feed: JSON files in a folder, each taken whole or refused whole.

    {"messagetype": "inventoryonhand", "feedtype": "overwrite" | "incremental", "source": "erp",
     "customdimensions": {"plant": "SiteId"},
     "onhand": [{"organizationId": "usmf", "productId": "D0001", "dimensions": {"plant": "1", "LocationId": "11"},
                 "quantities": {"unrestricted": 20}}]}

`overwrite` sets the measures an item names and leaves all others; `incremental` adds to them. A file is known by its
name and content: the same file again changes nothing. Whole or not at all, because a corrected incremental file must
not count its good items twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from itertools import islice
from typing import Any, Literal

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    InventoryConfiguration,
    Measure,
    MeasureChange,
    inventory_configuration,
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
MOST_ITEMS = 500_000
MOST_PROBLEMS = 100
CHUNK = 2_000
ACTOR = "inventory feed"


@dataclass(frozen=True, slots=True)
class Feed:
    """A file, read: its data source, how its quantities count, and its items."""

    data_source: str
    feed_type: str
    items: Sequence[tuple[StockName, Mapping[Measure, Decimal]]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file. `problems` is empty when it was taken; `known` when it had been taken before."""

    feed: Feed | None
    problems: Sequence[Problem] = ()
    known: bool = False


def read_feed(content: bytes, configuration: InventoryConfiguration) -> Feed:
    """A file's content. Raises Invalid with every problem found (up to 100), each with its path and remedy."""
    given = folded(read_json(content), "file")
    if text(given, "messagetype").lower() != MESSAGE_TYPE:
        raise Invalid(
            "is not inventoryonhand", where="messagetype", remedy="send inventory on hand only"
        )
    feed_type = text(given, "feedtype").lower()
    if feed_type not in MODES:
        raise Invalid(
            f"there is no feed type {feed_type}",
            where="feedtype",
            remedy="overwrite or incremental",
        )
    source = data_source_of(configuration, text(given, "source"), "source")
    own = _custom_dimensions(given.get("customdimensions"), configuration)
    items = given.get("onhand")
    if not isinstance(items, list) or not items:
        raise Invalid(
            "holds no items",
            where="onhand",
            remedy='send [{"productId": ..., "quantities": {...}}]',
        )
    if len(items) > MOST_ITEMS:
        raise TooLarge(
            f"{len(items)} items are more than {MOST_ITEMS}",
            where="onhand",
            remedy="split the file",
        )
    read, problems = [], list[Problem]()
    for i, item in enumerate(items):
        try:
            read.append(_item(folded(item, ""), source.name, own, configuration))
        except IomError as error:
            problems.append(
                Problem(f"onhand[{i}].{error.where}".rstrip("."), error.what, error.remedy)
            )
            if len(problems) == MOST_PROBLEMS:
                break
    if problems:
        raise Invalid("some items cannot be read", problems=problems)
    return Feed(source.name, feed_type, read)


def _custom_dimensions(value: Any, configuration: InventoryConfiguration) -> Mapping[str, str]:
    """Names of this file's own, to base dimensions."""
    if value is None:
        return {}
    given = folded(value, "customdimensions")
    return {
        name: base_name(str(to), configuration, where="customdimensions")
        for name, to in given.items()
    }


def _item(
    record: Mapping[str, Any],
    source: str,
    own: Mapping[str, str],
    configuration: InventoryConfiguration,
) -> tuple[StockName, Mapping[Measure, Decimal]]:
    dimensions = record.get("dimensions")
    if isinstance(dimensions, dict):
        dimensions = {own.get(name.lower(), name): value for name, value in dimensions.items()}
    organization = record.get("organizationid") or configuration.own_organization
    named = {
        **record,
        "organizationid": organization,
        "dimensions": dimensions,
        "dimensiondatasource": source,
    }
    return stock_name(named, configuration), _quantities(
        record.get("quantities"), source, configuration
    )


def _quantities(
    value: Any, source: str, configuration: InventoryConfiguration
) -> dict[Measure, Decimal]:
    """Measures of the file's own data source: unlike the API a feed may bring those of a read-only one."""
    out: dict[Measure, Decimal] = {}
    known = configuration.sources[source].physical
    for name, quantity in folded(value, "quantities").items():
        if name not in known:
            what = f"{source}.{name} is not a physical measure"
            raise Invalid(
                what, where=f"quantities.{name}", remedy="add it to the inventory configuration"
            )
        if (source, name) in configuration.reservation:
            raise Invalid(
                "is a soft reservation",
                where=f"quantities.{name}",
                remedy="reserve through the API",
            )
        out[source, name] = number(quantity, f"quantities.{name}")
    if not out:
        raise Invalid("holds no quantity", where="quantities", remedy='send {"unrestricted": 20}')
    return out


def take_file(session: Session, *, name: str, content: bytes, now: datetime) -> Outcome:
    """Post a file and write down what became of it. A refused file has posted nothing."""
    digest = sha256(name.encode() + b"\0" + content).hexdigest()
    query = "SELECT 1 FROM inventory_visibility.feed_file WHERE name = %s AND digest = %s AND state = 'done'"
    if fetch(session, query, (name, digest)):
        return Outcome(None, known=True)
    try:
        configuration = inventory_configuration(session)
        feed = read_feed(content, configuration)
        with session.begin_nested():
            _post(session, feed, configuration, name=name, digest=digest, now=now)
    except IomError as error:
        problems = error.problems or (Problem(error.where or "file", error.what, error.remedy),)
        _write_down(session, name=name, digest=digest, feed=None, problems=problems, now=now)
        return Outcome(None, problems)
    _write_down(session, name=name, digest=digest, feed=feed, problems=(), now=now)
    return Outcome(feed)


def _post(
    session: Session,
    feed: Feed,
    configuration: InventoryConfiguration,
    *,
    name: str,
    digest: str,
    now: datetime,
) -> None:
    """Post every item. Raises Invalid when one is refused."""
    for start, chunk in _chunks(feed.items):
        changes = [
            MeasureChange(
                organization=stock.organization,
                product=stock.product,
                source=stock.source,
                quantities=quantities,
                event_id=f"feed:{digest[:32]}/{start + i}",
                dimensions=stock.dimensions,
                document=name,
            )
            for i, (stock, quantities) in enumerate(chunk)
        ]
        posted = post_measures(
            session,
            changes,
            mode=MODES[feed.feed_type],
            formula=configuration.formula,
            now=now,
            actor=ACTOR,
            cause="feed",
        )
        refused = [
            Problem(
                f"onhand[{start + i}]", answer.reason, "correct the item and bring the file again"
            )
            for i, answer in enumerate(posted)
            if not answer.ok
        ]
        if refused:
            raise Invalid("some items are refused", problems=refused[:MOST_PROBLEMS])


def _chunks(items: Sequence[Any]) -> Iterator[tuple[int, list[Any]]]:
    every = iter(items)
    start = 0
    while chunk := list(islice(every, CHUNK)):
        yield start, chunk
        start += len(chunk)


def _write_down(
    session: Session,
    *,
    name: str,
    digest: str,
    feed: Feed | None,
    problems: Sequence[Problem],
    now: datetime,
) -> None:
    execute(
        session,
        "INSERT INTO inventory_visibility.feed_file"
        " (name, digest, state, data_source, feed_type, records, problems, problem, at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (name, digest) DO UPDATE SET state = excluded.state,"
        " data_source = excluded.data_source, feed_type = excluded.feed_type, records = excluded.records,"
        " problems = excluded.problems, problem = excluded.problem, at = excluded.at",
        (
            *(name, digest, "error" if problems else "done"),
            *(
                feed.data_source if feed else "",
                feed.feed_type if feed else "",
                len(feed.items) if feed else 0,
            ),
            *(len(problems), str(problems[0]) if problems else "", now),
        ),
    )
