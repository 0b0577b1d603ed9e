"""Golden files: the input of a transformation, and exactly what it makes of it.

`<message|action>.<name>[.<case>].json` holds {"given", "document", "keys"}. Keys are [table, field,
value, into].
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from pydantic import BaseModel

from openiom.documents import (
    AccountDocument,
    FulfillmentUpdateDocument,
    OrderDocument,
    ProductDocument,
    StockDocument,
)
from openiom.policies import MappingKey, Transformation, Transformed, TransformFailure, resolve_keys

DOCUMENTS: dict[str, type[BaseModel]] = {
    "order": OrderDocument,
    "fulfillment_update": FulfillmentUpdateDocument,
    "stock": StockDocument,
    "product": ProductDocument,
    "account": AccountDocument,
}


class GoldenCase(NamedTuple):
    """One golden file; `name` is that of its transformation, such as `message:order`."""

    file: str
    name: str
    given: dict[str, Any]
    document: dict[str, Any]
    keys: Sequence[Sequence[Any]]


def golden_cases(folder: Path) -> list[GoldenCase]:
    """Return every golden file of a folder by name."""
    cases: list[GoldenCase] = []
    for file in sorted(folder.glob("*.json")):
        kind, name, *_ = file.name.split(".")
        body = orjson.loads(file.read_bytes())
        cases.append(
            GoldenCase(
                file=file.name,
                name=f"{kind}:{name}",
                given=body["given"],
                document=body["document"],
                keys=body.get("keys", []),
            )
        )
    return cases


def target_of(transformation: Transformation, case: GoldenCase) -> Transformed:
    """Return what the transformation makes of a case.

    An AssertionError names the file, and the first path that differs from the golden document.
    """
    [made] = transformation.transform_many([case.given])
    if isinstance(made, TransformFailure):
        raise AssertionError(f"{case.file}: {made.path}: {made.message} {made.values}")
    made_keys = [list(key) for key in made.keys]
    golden_keys = [list(key) for key in case.keys]
    assert made_keys == golden_keys, f"{case.file}: keys are {made_keys}"
    assert made.document == case.document, (
        f"{case.file}: {first_difference(made.document, case.document)}"
    )
    return made


def resolved(made: Transformed) -> dict[str, Any]:
    """Return the document with every key resolved, each to an internal record of its own."""
    internal = {(key.table, key.field, key.value): _internal_name(key) for key in made.keys}
    return resolve_keys(made, internal)[0]


def first_difference(made: Any, golden: Any, path: str = "") -> str:
    """Return the first path at which two JSON values differ, with both values."""
    if isinstance(made, dict) and isinstance(golden, dict):
        for name in sorted(made.keys() | golden.keys()):
            if made.get(name) != golden.get(name):
                inner_path = f"{path}.{name}" if path else name
                return first_difference(made.get(name), golden.get(name), inner_path)
    elif _are_comparable_lists(made, golden):
        for index, (made_item, golden_item) in enumerate(zip(made, golden, strict=True)):
            if made_item != golden_item:
                return first_difference(made_item, golden_item, f"{path}[{index}]")
    return f"{path} is {made!r}, golden is {golden!r}"


def _are_comparable_lists(made: Any, golden: Any) -> bool:
    return isinstance(made, list) and isinstance(golden, list) and len(made) == len(golden)


def _internal_name(key: MappingKey) -> str:
    return f"our {key.table} {key.value}"
