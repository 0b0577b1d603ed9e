"""Golden files: the input of a transformation, and exactly what it makes of it.

`<message|action>.<name>[.<case>].json` holds {"given", "document", "keys"}. Keys are [table, field,
value, into].
"""

from collections.abc import Iterator, Sequence
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

    made_keys = list(map(list, made.keys))
    golden_keys = list(map(list, case.keys))
    assert made_keys == golden_keys, f"{case.file}: keys are {made_keys}"
    assert made.document == case.document, (
        f"{case.file}: {first_difference(made.document, case.document)}"
    )
    return made


def resolved(made: Transformed) -> dict[str, Any]:
    """Return the document with every key resolved, each to an internal record of its own."""
    internal = {}
    for key in made.keys:
        internal[key.table, key.field, key.value] = _internal_name(key)
    document, _ = resolve_keys(made, internal)
    return document


def first_difference(made: Any, golden: Any, path: str = "") -> str:
    """Return the first path at which two JSON values differ, with both values."""
    for inner_path, made_part, golden_part in _parts(made, golden, path):
        if made_part != golden_part:
            return first_difference(made_part, golden_part, inner_path)
    return f"{path} is {made!r}, golden is {golden!r}"


def _parts(made: Any, golden: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield the parts of two objects, or of two lists of one length, with their paths."""
    if isinstance(made, dict) and isinstance(golden, dict):
        for name in sorted(made.keys() | golden.keys()):
            inner_path = f"{path}.{name}" if path else name
            yield inner_path, made.get(name), golden.get(name)
    elif isinstance(made, list) and isinstance(golden, list) and len(made) == len(golden):
        for index, made_item in enumerate(made):
            yield f"{path}[{index}]", made_item, golden[index]


def _internal_name(key: MappingKey) -> str:
    return f"our {key.table} {key.value}"
