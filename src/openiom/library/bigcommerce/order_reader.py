"""Reads the orders of a store by modification time, without missing one.

Modification times have a resolution of one second. A full page may end within a second: the orders
of that second are read again, by id if the second alone fills a page. A second is complete once it
is a few seconds past by the clock of the store.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from openiom.kernel import ProviderRejected
from openiom.provider_contract import MessagePage, RawMessage

Row = Mapping[str, Any]
SETTLING_TIME = timedelta(seconds=3)
ONE_SECOND = timedelta(seconds=1)
BEGINNING = datetime(2009, 1, 1, tzinfo=UTC)
BEFORE_FIRST_ID = -1
CONSIGNMENT_KINDS = ("shipping", "pickups", "downloads")


@dataclass(frozen=True, slots=True)
class OrderPage:
    """A page of orders and the time by the clock of the store."""

    rows: Sequence[Row]
    store_time: datetime


@dataclass(frozen=True, slots=True)
class Position:
    """Orders modified before `since` were read.

    With `after_id`, the orders of the second `since` are being read by id.
    """

    since: datetime
    after_id: int | None = None

    @classmethod
    def of_checkpoint(cls, checkpoint: str) -> "Position":
        """Return the position stored in a checkpoint; "" is the beginning."""
        if not checkpoint:
            return cls(BEGINNING)
        values = orjson.loads(checkpoint)
        return cls(datetime.fromisoformat(values["since"]), values["after"])

    def checkpoint(self) -> str:
        """Return the position as a checkpoint."""
        return orjson.dumps({"since": _iso(self.since), "after": self.after_id}).decode()


class OrderReader:
    """Yields pages of orders after a checkpoint, oldest modification first.

    `fetch` returns one page for a query; only orders with one of `statuses` become messages.
    """

    def __init__(
        self, fetch: Callable[[Mapping[str, Any]], OrderPage], page_size: int, statuses: set[int]
    ) -> None:
        self._fetch = fetch
        self._page_size = page_size
        self._statuses = statuses

    def pages(self, checkpoint: str) -> Iterator[MessagePage]:
        """Yield all pages after the checkpoint."""
        position = Position.of_checkpoint(checkpoint)
        while True:
            if position.after_id is None:
                page = self._fetch(
                    {"min_date_modified": _iso(position.since), "sort": "date_modified"}
                )
                if not page.rows:
                    return

                is_last = len(page.rows) < self._page_size
                rows, position = self._next_position(page)
                yield self._page(rows, position)
                if is_last:
                    return
            else:
                complete = yield from self._pages_of_second(position)
                if not complete:
                    return

                position = Position(position.since + ONE_SECOND)

    def _next_position(self, page: OrderPage) -> tuple[Sequence[Row], Position]:
        """Return the orders of a page to yield, and the position after them."""
        last = modified_at(page.rows[-1])
        if len(page.rows) < self._page_size:
            is_complete = page.store_time - last > SETTLING_TIME
            return page.rows, Position(last + ONE_SECOND if is_complete else last)
        earlier = [row for row in page.rows if modified_at(row) < last]
        # A page of a single second is read by id; otherwise its last second is read again.
        return earlier, Position(last, None if earlier else BEFORE_FIRST_ID)

    def _pages_of_second(self, position: Position) -> Generator[MessagePage, None, bool]:
        """Yield the orders of one second by id. Returns whether the second is complete.

        Completeness is decided with the first page: orders that come later have been modified
        after it, and would be missed.
        """
        second = {
            "min_date_modified": _iso(position.since),
            "max_date_modified": _iso(position.since),
            "sort": "id",
        }
        after_id = position.after_id if position.after_id is not None else BEFORE_FIRST_ID

        # A checkpoint within a second is stored only if that second was complete.
        is_complete = True
        while True:
            page = self._fetch({**second, "min_id": after_id + 1})
            if after_id == BEFORE_FIRST_ID:
                is_complete = page.store_time - position.since > SETTLING_TIME

            is_full = len(page.rows) == self._page_size
            if not is_full:
                break

            after_id = int(page.rows[-1]["id"])
            stored_id = after_id if is_complete else BEFORE_FIRST_ID
            yield self._page(page.rows, Position(position.since, stored_id))

        following = position.since + ONE_SECOND if is_complete else position.since
        yield self._page(page.rows, Position(following))
        return is_complete

    def _page(self, rows: Sequence[Row], position: Position) -> MessagePage:
        messages = []
        for row in rows:
            if row.get("status_id") in self._statuses:
                sequence = int(modified_at(row).timestamp())
                order = flatten_consignments(row)
                messages.append(RawMessage("order", str(row["id"]), order, sequence=sequence))
        return MessagePage(messages, position.checkpoint())


def flatten_consignments(row: Row) -> dict[str, Any]:
    """Return an order with all lines under `products` and its address under `shipping_address`.

    The store nests lines in consignments: shipping, pickup or download. Product options such as
    color and size become the `variant` of their line. An order without shipping
    consignments has its billing address as shipping address.
    """
    consignments = row.get("consignments") or {}
    groups: list[Any] = []
    for kind in CONSIGNMENT_KINDS:
        groups += consignments.get(kind) or ()

    products: list[Any] = []
    for group in groups:
        for line in group.get("line_items") or ():
            products.append(with_variant(line))

    address = row.get("billing_address")
    if consignments.get("shipping"):
        address = dict(groups[0])
        address.pop("line_items", None)

    order = dict(row)
    order.pop("consignments", None)
    order.pop("products", None)
    order["products"] = products
    order["shipping_address"] = address
    order["consignment_count"] = len(groups)
    return order


_VARIANT_OPTIONS = {
    "size": "size",
    "color": "color",
    "colour": "color",
    "style": "style",
    "configuration": "configuration",
}
"""Dimensions of a variant by the display names of product options, in lower case."""


def with_variant(line: Row) -> Row:
    """Return a line with the `variant` that its product options name, or unchanged without one.

    Of an option that is given twice, the first counts.
    """
    variant: dict[str, str] = {}
    for option in line.get("product_options") or ():
        name = str(option.get("display_name") or option.get("name") or "").strip().lower()
        dimension = _VARIANT_OPTIONS.get(name)
        value = str(option.get("display_value") or "").strip()
        if dimension and value:
            variant.setdefault(dimension, value)

    return {**line, "variant": variant} if variant else line


def modified_at(row: Row) -> datetime:
    """Return the modification time of an order. Raises ProviderRejected if it is unreadable."""
    try:
        return parsedate_to_datetime(row["date_modified"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        raise ProviderRejected(f"order {row.get('id')} has no readable date_modified") from None


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")
