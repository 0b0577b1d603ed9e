"""The values that a request may carry: text and numbers that PostgreSQL can store.

`refuse_unstorable_values` is a dependency of the whole application. It reads the path, the query
and the body before any route does, so no route has to expect a zero byte, half of a surrogate pair
or a number without bounds. `RowId` and `SmallNumber` give the integers of a route their bounds.
"""

import json
from typing import Annotated, Any, NamedTuple

import orjson
from fastapi import Request
from pydantic import Field

from openiom.kernel import Invalid

MAX_BIGINT = 2**63 - 1
MAX_INTEGER = 2**31 - 1
MAX_NESTING = 100
"""Deepest nesting of arrays and objects in a body; a flow document has a tenth of it."""
MAX_PATH_LENGTH = 2_000
STORED_AS_SENT = "/hooks/"
"""Bodies below this path belong to providers, and are stored as they arrive."""
CHECKED_BY_RECORD = "/api/environment/"
"""Values below this path are checked record by record: a bad record does not stop the others."""

RowId = Annotated[int, Field(ge=0, le=MAX_BIGINT)]
"""The id of a row, which a bigint column holds."""
SmallNumber = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
"""A number or count that an integer column holds."""

_ESCAPED_NUL = b"\\u0000"
_DIGITS_AS_ZERO = bytes.maketrans(b"123456789", b"000000000")
_LARGE_NUMBER = b"0" * 19
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_UNREADABLE = object()


async def refuse_unstorable_values(request: Request) -> None:
    """Raise `Invalid` for a path, query or JSON body with a value that cannot be stored."""
    path: str = request.scope["path"]
    _check_path(path)
    _check_query(request.scope["query_string"])
    if not path.startswith(STORED_AS_SENT):
        values_too = not path.startswith(CHECKED_BY_RECORD)
        check_body(await request.body(), values_too=values_too)


def _check_path(path: str) -> None:
    if len(path) > MAX_PATH_LENGTH:
        raise Invalid(
            f"has {len(path)} characters",
            where="path",
            remedy=f"use at most {MAX_PATH_LENGTH} characters",
        )
    if "\0" in path:
        raise _contains_nul("path")


def _check_query(query_string: bytes) -> None:
    if b"%00" in query_string:
        raise _contains_nul("query")


def check_body(body: bytes, *, values_too: bool = True) -> None:
    """Raise `Invalid`, naming the place, for a JSON body with a value that cannot be stored.

    A body that is not JSON at all, or empty, is left to the route, which may read a form. Without
    `values_too`, its texts and numbers are left to the route, and only its form is checked.
    """
    value = _parse(body) if body else _UNREADABLE
    if value is not _UNREADABLE:
        _check_parsed(body, value, values_too=values_too)


def _check_parsed(body: bytes, value: Any, *, values_too: bool) -> None:
    # Most bodies are passed without a walk through their values, which costs more than the parser.
    if _may_be_deep(body):
        _check_nesting(value)

    if values_too and (_ESCAPED_NUL in body or _LARGE_NUMBER in body.translate(_DIGITS_AS_ZERO)):
        _check_values(value)


def _parse(body: bytes) -> Any:
    """Return the value of a body, `_UNREADABLE` when it is not JSON.

    orjson is strict about Unicode and about numbers that are infinite, json is not. Raise `Invalid`
    for a body that only json reads, as the framework does.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        fault = str(error)

    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return _UNREADABLE

    raise Invalid(
        f"holds a value that is not valid JSON: {fault}",
        where="body",
        remedy="send text as valid Unicode, and numbers that are finite",
    )


def _may_be_deep(body: bytes) -> bool:
    """Return whether a body may be nested too deeply, judged by its brackets alone.

    Those in texts count too, so a body that need not be refused may be found as well.
    """
    brackets = body.translate(None, delete=_ALL_BUT_BRACKETS)
    for _ in range(MAX_NESTING):
        inner_removed = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if inner_removed == brackets:
            break

        brackets = inner_removed

    return bool(brackets)


def _check_nesting(body: Any) -> None:
    """Raise `Invalid` for a value that is nested too deeply for functions that are recursive."""
    level = [body]
    for _ in range(MAX_NESTING):
        level = _containers_in(level)
        if not level:
            return

    raise Invalid(
        f"is nested deeper than {MAX_NESTING} levels",
        where="body",
        remedy="send a flatter document",
    )


def _containers_in(values: list[Any]) -> list[Any]:
    """Return the arrays and objects that are elements or members of these values."""
    found: list[Any] = []
    for value in values:
        members = value.values() if isinstance(value, dict) else value
        for member in members if isinstance(value, dict | list) else ():
            if isinstance(member, dict | list):
                found.append(member)
    return found


class _Place(NamedTuple):
    """A value of a body and where it is; the path is only composed for a fault."""

    value: Any
    name: str | int
    parent: "_Place | None"

    def path(self) -> str:
        names = [str(self.name)]
        place = self.parent
        while place is not None:
            names.append(str(place.name))
            place = place.parent
        return ".".join(reversed(names))


def _check_values(body: Any) -> None:
    """Raise `Invalid` for the first text or number that cannot be stored."""
    places = [_Place(body, "body", None)]
    for place in places:
        _check_place(place)
        places += _places_in(place)


def _check_place(place: _Place) -> None:
    if isinstance(place.value, dict):
        _check_names(place)
    else:
        _check_scalar(place)


def _places_in(place: _Place) -> list[_Place]:
    """Return the members of an object and the elements of an array; other values have none."""
    if isinstance(place.value, dict):
        return [_Place(value, name, place) for name, value in place.value.items()]
    if isinstance(place.value, list):
        return [_Place(value, index, place) for index, value in enumerate(place.value)]
    return []


def _check_names(place: _Place) -> None:
    for name in place.value:
        if "\0" in name:
            raise _contains_nul(place.path())


def _check_scalar(place: _Place) -> None:
    value = place.value
    if isinstance(value, str) and "\0" in value:
        raise _contains_nul(place.path())
    if isinstance(value, int | float) and abs(value) > MAX_BIGINT:
        raise _beyond_64_bits(place.path())


def _beyond_64_bits(where: str) -> Invalid:
    return Invalid(
        "is a number beyond 64 bits",
        where=where,
        remedy=f"send a number between -{MAX_BIGINT} and {MAX_BIGINT}",
    )


def _contains_nul(where: str) -> Invalid:
    return Invalid("contains a zero byte", where=where, remedy="send it without the zero byte")
