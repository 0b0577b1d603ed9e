"""Reads the orders of a store by modification time, without missing one.

Modification times have a resolution of one second. A full page may end within a second: the orders
of that second are read again, by id if the second alone fills a page. An order may also appear a
moment after the second it is stamped with. Every poll therefore begins a few seconds before the
last one did, by the clock of the store; the inbox recognizes what it has.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import orjson

from openiom.kernel import ProviderRejected
from openiom.provider_contract import MessagePage, RawMessage

from .order_contents import (
    Row,
    StatusMeanings,
    flatten_consignments,
    is_incomplete,
    withdrawal,
)
from .order_payments import PaymentReading

SETTLING_TIME = timedelta(seconds=3)
ONE_SECOND = timedelta(seconds=1)
BEGINNING = datetime(2009, 1, 1, tzinfo=UTC)
BEFORE_FIRST_ID = -1
MODIFIED = "date_modified"


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

    `fetch` returns one page for a query, and `fetch_lines` all lines of an order. The first poll
    leaves out orders that can only update an order accepted before.
    """

    def __init__(
        self,
        fetch: Callable[[Mapping[str, object]], OrderPage],
        fetch_lines: Callable[[str], Sequence[Row]],
        page_size: int,
        meanings: StatusMeanings,
        payments: PaymentReading | None = None,
    ) -> None:
        self._payments = payments
        self._fetch = fetch
        self._fetch_lines = fetch_lines
        self._page_size = page_size
        self._meanings = meanings
        self._is_first = False
        self._complete_until: datetime | None = None

    def pages(self, checkpoint: str) -> Iterator[MessagePage]:
        """Yield all pages after the checkpoint."""
        position = Position.of_checkpoint(checkpoint)
        self._is_first = not checkpoint
        self._complete_until = None
        while True:
            if position.after_id is None:
                page = self._read({"min_date_modified": _iso(position.since), "sort": MODIFIED})
                if not page.rows:
                    return

                is_last = len(page.rows) < self._page_size
                rows, position = self._next_position(page)
                yield self._page(rows, position)
                if is_last:
                    return
            else:
                yield from self._pages_of_second(position)
                position = Position(position.since + ONE_SECOND)

    def _read(self, query: Mapping[str, object]) -> OrderPage:
        """Read a page; the first one of a poll decides until when the orders are complete."""
        page = self._fetch(query)
        if self._complete_until is None:
            self._complete_until = page.store_time - SETTLING_TIME
        return page

    def _next_position(self, page: OrderPage) -> tuple[Sequence[Row], Position]:
        """Return the orders of a page to yield, and the position after them."""
        last = modified_at(page.rows[-1])
        if len(page.rows) < self._page_size:
            return page.rows, Position(last + ONE_SECOND)
        earlier = [row for row in page.rows if modified_at(row) < last]
        # A page of a single second is read by id; otherwise its last second is read again.
        return earlier, Position(last, None if earlier else BEFORE_FIRST_ID)

    def _pages_of_second(self, position: Position) -> Iterator[MessagePage]:
        """Yield the orders of one second by id."""
        second = {
            "min_date_modified": _iso(position.since),
            "max_date_modified": _iso(position.since),
            "sort": "id",
        }
        after_id = position.after_id if position.after_id is not None else BEFORE_FIRST_ID

        while True:
            page = self._read({**second, "min_id": after_id + 1})
            is_full = len(page.rows) == self._page_size
            if not is_full:
                break

            after_id = int(page.rows[-1]["id"])
            yield self._page(page.rows, Position(position.since, after_id))

        yield self._page(page.rows, Position(position.since + ONE_SECOND))

    def _page(self, rows: Sequence[Row], position: Position) -> MessagePage:
        messages = []
        for row in rows:
            disposition = self._meanings.disposition(row)
            if disposition == "update" and self._is_first:
                continue

            order = {**self._contents(row), "disposition": disposition}
            messages.append(
                RawMessage(
                    "order",
                    str(row["id"]),
                    order,
                    sequence=int(modified_at(row).timestamp()),
                    fallback=withdrawal(row, disposition),
                    is_state=True,
                )
            )

        return MessagePage(messages, self._stored(position).checkpoint())

    def _stored(self, position: Position) -> Position:
        """Return the position to store: orders of later seconds may still appear."""
        if self._complete_until is None or position.since < self._complete_until:
            return position
        return Position(self._complete_until)

    def _contents(self, row: Row) -> dict[str, object]:
        """Return an order with all of its lines.

        If the store refuses to send the others, `line_count` is higher than the lines that there
        are, so that the order is not processed without them.
        """
        order = self._order(row)
        if self._payments:
            order["payments"] = self._payments.payments(row)
        return order

    def _order(self, row: Row) -> dict[str, object]:
        if not is_incomplete(row):
            return flatten_consignments(row)

        try:
            return flatten_consignments(row, self._fetch_lines(str(row["id"])))
        except ProviderRejected:
            order = flatten_consignments(row)
            return {**order, "line_count": order["line_count"] + 1}


def modified_at(row: Row) -> datetime:
    """Return the modification time of an order. Raises ProviderRejected if it is unreadable."""
    try:
        return parsedate_to_datetime(row["date_modified"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        raise ProviderRejected(f"order {row.get('id')} has no readable date_modified") from None


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")
