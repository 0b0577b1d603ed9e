"""
Golden files: what a transformation is given, and exactly what it makes of it.

`<message|action>.<name>[.<case>].json` holds {"given", "document", "keys"}; keys are [table, field, value, into].
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
    """One file. `name` is the transformation's, such as `message:order`."""

    file: str
    name: str
    given: dict[str, Any]
    document: dict[str, Any]
    keys: Sequence[Sequence[Any]]


def golden_cases(folder: Path) -> list[GoldenCase]:
    """Every golden file of a folder, by name."""
    cases = []
    for file in sorted(folder.glob("*.json")):
        kind, name, *_ = file.name.split(".")
        body = orjson.loads(file.read_bytes())
        cases.append(
            GoldenCase(
                file.name, f"{kind}:{name}", body["given"], body["document"], body.get("keys", [])
            )
        )
    return cases


def target_of(transformation: Transformation, case: GoldenCase) -> Transformed:
    """What the transformation makes of the case; an AssertionError names the file and the first path that differs."""
    [done] = transformation.transform_many([case.given])
    assert not isinstance(done, TransformFailure), (
        f"{case.file}: {done.path}: {done.message} {done.values}"
    )
    found = [list(key) for key in done.keys]
    assert found == [list(key) for key in case.keys], f"{case.file}: keys are {found}"
    assert done.document == case.document, (
        f"{case.file}: {_difference(done.document, case.document)}"
    )
    return done


def resolved(done: Transformed) -> dict[str, Any]:
    """The document with every key answered, as if all were mapped to a record of the same name."""
    answers = {(key.table, key.field, key.value): _our_name(key) for key in done.keys}
    return resolve_keys(done, answers)[0]


def _our_name(key: MappingKey) -> str:
    return f"our {key.table} {key.value}"


def _difference(made: Any, golden: Any, path: str = "") -> str:
    """The first path at which two documents differ."""
    if isinstance(made, dict) and isinstance(golden, dict):
        for name in sorted(made.keys() | golden.keys()):
            if made.get(name) != golden.get(name):
                return _difference(
                    made.get(name), golden.get(name), f"{path}.{name}" if path else name
                )
    if isinstance(made, list) and isinstance(golden, list) and len(made) == len(golden):
        for place, (one, other) in enumerate(zip(made, golden, strict=True)):
            if one != other:
                return _difference(one, other, f"{path}[{place}]")
    return f"{path} is {made!r}, golden is {golden!r}"
