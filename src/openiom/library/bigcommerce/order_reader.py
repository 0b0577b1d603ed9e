"""Reads the orders of a store by modification time, without missing one.

Modification times have a resolution of one second. A full page may end within a second: the orders
of that second are read again, by id if the second alone fills a page. A second is complete once it
is a few seconds past by the clock of the store.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
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

SETTLING_TIME = timedelta(seconds=3)
ONE_SECOND = timedelta(seconds=1)
BEGINNING = datetime(2009, 1, 1, tzinfo=UTC)
BEFORE_FIRST_ID = -1


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
    ) -> None:
        self._fetch = fetch
        self._fetch_lines = fetch_lines
        self._page_size = page_size
        self._meanings = meanings
        self._is_first = False

    def pages(self, checkpoint: str) -> Iterator[MessagePage]:
        """Yield all pages after the checkpoint."""
        position = Position.of_checkpoint(checkpoint)
        self._is_first = not checkpoint
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

        return MessagePage(messages, position.checkpoint())

    def _contents(self, row: Row) -> dict[str, object]:
        """Return an order with all of its lines.

        If the store refuses to send the others, `line_count` is higher than the lines that there
        are, so that the order is not processed without them.
        """
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
