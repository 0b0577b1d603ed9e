"""Comparison of document bodies: pure functions over JSON values."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from openiom.platform.database import to_json


def digest(body: Mapping[str, Any]) -> str:
    """Return a hash that is equal exactly when two bodies are the same JSON."""
    return sha256(to_json(_sorted_keys(body))).hexdigest()


def changed_paths(old: object, new: object, at: str = "") -> list[str]:
    """Return the dotted paths whose value differs between two JSON values.

    Lists of different length differ as a whole.
    """
    if old == new:
        return []

    match old, new:
        case dict(), dict():
            return _changed_keys(old, new, at)
        case list(), list() if len(old) == len(new):
            return _changed_items(old, new, at)
        case _:
            return [at]


def _changed_keys(old: dict[str, Any], new: dict[str, Any], at: str) -> list[str]:
    paths: list[str] = []
    for key in sorted({*old, *new}):
        place = f"{at}.{key}" if at else str(key)
        paths += changed_paths(old.get(key), new.get(key), place)
    return paths


def _changed_items(old: list[Any], new: list[Any], at: str) -> list[str]:
    paths: list[str] = []
    for index, old_item in enumerate(old):
        paths += changed_paths(old_item, new[index], f"{at}[{index}]")
    return paths


def _sorted_keys(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted_keys(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_sorted_keys(item) for item in value]
    return value
