"""The text by which people find a parked message: its key, and the names in its payload.

No I/O.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

MAX_LENGTH = 4_000
_MAX_VALUE = 120
_SEARCHED_NAMES = re.compile(r"(name|number|mail|phone|company|sku)s?$", re.IGNORECASE)


def search_text(key: str, payload: str) -> str:
    """Return the key, and the numbers, names, e-mail addresses and SKUs of a payload.

    A payload that is not JSON is searched by its beginning. NUL, which PostgreSQL does not store,
    becomes a space.
    """
    try:
        content = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return f"{key} {payload}"[:MAX_LENGTH].lower()

    parts = dict.fromkeys(_searched_values("", content))
    return " ".join([key, *parts])[:MAX_LENGTH].replace("\x00", " ").lower()


def _searched_values(name: str, content: Any) -> Iterator[str]:
    """Yield the values of searched names: those of an object before those of its lists.

    A long list of lines does not displace the customer.
    """
    if isinstance(content, Mapping):
        for inner, value in sorted(content.items(), key=_depth):
            yield from _searched_values(inner, value)
    elif isinstance(content, list):
        for value in content:
            yield from _searched_values(name, value)
    elif _is_searched(name, content):
        yield str(content)


def _depth(item: tuple[str, Any]) -> int:
    if isinstance(item[1], list):
        return 2
    return 1 if isinstance(item[1], Mapping) else 0


def _is_searched(name: str, value: Any) -> bool:
    if not _SEARCHED_NAMES.search(name) or isinstance(value, bool):
        return False
    return isinstance(value, str | int) and 0 < len(str(value)) <= _MAX_VALUE
