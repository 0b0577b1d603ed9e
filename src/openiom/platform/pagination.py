"""Keyset pagination: one dependency that reads `after` and `limit`, and cursors with typed fields.

A route declares the sort key of its list once:

    OrderPage = Annotated[PageRequest[datetime, UUID], Depends(page_request(datetime, UUID))]

    @router.get("/orders")
    def list_orders(paging: OrderPage, session: ReadSession) -> Page[OrderRow]:
        rows = find_orders(session, after=paging.after, limit=paging.fetch_limit)
        return paging.page(rows, key=lambda row: (row.placed_at, row.id))
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Generic, TypeVar, TypeVarTuple
from uuid import UUID

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel

from openiom.kernel import Invalid, checked_day, checked_moment

Item = TypeVar("Item")
Row = TypeVar("Row")
Key = TypeVarTuple("Key")

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
MAX_ID = 2**63 - 1


class Page(BaseModel, Generic[Item]):
    """A page of a list. `next` is sent back as `?after=`; it is null on the last page."""

    items: list[Item]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class PageRequest(Generic[*Key]):
    """The page a caller wants.

    `after` is the sort key of the last row already shown, None for the first page; `limit` is the
    most rows to return.
    """

    after: tuple[*Key] | None
    limit: int

    @property
    def fetch_limit(self) -> int:
        """How many rows to read: one more than the page shows tells whether another follows."""
        return self.limit + 1

    def split(
        self, rows: Sequence[Row], *, key: Callable[[Row], tuple[*Key]]
    ) -> tuple[list[Row], str | None]:
        """Return the rows of this page and the cursor of the next one, None when there is none.

        `rows` are up to `fetch_limit` rows in the order of the list; `key` is the sort key of one.
        """
        shown = list(rows[: self.limit])
        if len(rows) <= self.limit:
            return shown, None

        return shown, encode_cursor(*key(shown[-1]))

    def page(self, rows: Sequence[Row], *, key: Callable[[Row], tuple[*Key]]) -> Page[Row]:
        """Return `rows` as a page. See `split`."""
        shown, following = self.split(rows, key=key)
        return Page(items=shown, next=following)


@dataclass(frozen=True, slots=True)
class RawPageRequest:
    """The page a caller wants of a list whose sort key depends on other parameters."""

    cursor: str | None
    limit: int

    def keyed_by(self, *fields: type) -> PageRequest[*tuple[Any, ...]]:
        """Return the request with its cursor read as these fields. Raise `Invalid`."""
        return PageRequest(decode_cursor(self.cursor, *fields), self.limit)


def page_request(
    *fields: type, default_limit: int = DEFAULT_LIMIT, max_limit: int = MAX_LIMIT
) -> Callable[..., Awaitable[PageRequest[*tuple[Any, ...]]]]:
    """Return a FastAPI dependency that reads a page request whose sort key has these fields.

    Fields are `str`, `int` (an id), `UUID`, `date`, `datetime` or `Decimal`.
    """
    read_raw = raw_page_request(default_limit=default_limit, max_limit=max_limit)
    for field in fields:
        _parser(field)

    # Coroutines, because FastAPI gives a plain function a thread of its own for every request.
    async def read(raw: Annotated[RawPageRequest, Depends(read_raw)]) -> PageRequest[Any]:
        return raw.keyed_by(*fields)

    return read


def raw_page_request(
    *, default_limit: int = DEFAULT_LIMIT, max_limit: int = MAX_LIMIT
) -> Callable[..., Awaitable[RawPageRequest]]:
    """Return a FastAPI dependency for a list whose sort key depends on other parameters."""

    async def read(
        after: Annotated[
            str | None, Query(description="`next` of the page before; the first page without")
        ] = None,
        limit: Annotated[
            int, Query(ge=1, le=max_limit, description="Most items to return")
        ] = default_limit,
    ) -> RawPageRequest:
        return RawPageRequest(after, limit)

    return read


def encode_cursor(*values: object) -> str:
    """Return an opaque cursor that holds the sort key of the last row shown.

    Raise `TypeError` when a value is None: such a row has no place in the order of the list.
    """
    texts = list(map(_cursor_text, values))
    return urlsafe_b64encode(orjson.dumps(texts)).decode().rstrip("=")


def _cursor_text(value: object) -> str:
    if value is None:
        raise TypeError("a sort key cannot be null")
    return value.isoformat() if isinstance(value, date) else str(value)


def decode_cursor(cursor: str | None, *fields: type) -> tuple[Any, ...] | None:
    """Return the values of a cursor, one of each type; None for the first page.

    Raise `Invalid` when the cursor is not one that `encode_cursor` made for such a list.
    """
    if not cursor:
        return None

    try:
        texts = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(texts, list):
            raise ValueError("not a list")

        values: list[Any] = []
        for field, text in zip(fields, texts, strict=True):
            values.append(_parse(field, text))
    except (ValueError, InvalidOperation):
        raise Invalid(
            "is not a page cursor of this list",
            where="after",
            remedy="start from the first page",
        ) from None

    return tuple(values)


def _parse(field: type, text: object) -> Any:
    if not isinstance(text, str) or "\0" in text:
        raise ValueError("not a text that PostgreSQL accepts")
    return _parser(field)(text)


def _parse_id(text: str) -> int:
    """Return the id in `text`. Raise `ValueError` when it is not one that a bigint column holds."""
    number = int(text)
    if not 0 <= number <= MAX_ID:
        raise ValueError(f"{text} is not an id")
    return number


def _parse_decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(f"{text} is not a number")
    return number


_PARSERS: dict[type, Callable[[str], Any]] = {
    str: str,
    int: _parse_id,
    UUID: UUID,
    date: lambda text: checked_day(date.fromisoformat(text)),
    datetime: lambda text: checked_moment(datetime.fromisoformat(text)),
    Decimal: _parse_decimal,
}


def _parser(field: type) -> Callable[[str], Any]:
    if field not in _PARSERS:
        raise TypeError(f"a page cursor cannot hold a {field.__name__}")
    return _PARSERS[field]
