"""The contract for providers finds what an author did wrong."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from openiom.library.demo_fulfillment import PROVIDER
from openiom.policies import Transformed, TransformFailure
from openiom.testing import (
    ExternalSystem,
    GoldenCase,
    ProviderContract,
    RecordedCalls,
    golden_cases,
    provider_contract,
    target_of,
    unreachable_address,
)
from openiom.testing.golden import first_difference

TESTS = [name for name in dir(ProviderContract) if name.startswith("test_")]


@contextmanager
def no_site() -> Iterator[ExternalSystem]:
    yield ExternalSystem({})


def contract(provider: Any, golden: Path = Path("nowhere")) -> ProviderContract:
    """Return the contract of a provider without an external system."""
    return provider_contract(provider, golden=golden, site=no_site)()


def test_the_contract_has_these_tests() -> None:
    assert len(TESTS) == 10
    for name in TESTS:
        assert len(name.split("_")) > 4, "a test's name is a sentence"


def test_the_contract_is_made_for_one_provider() -> None:
    made = contract(PROVIDER)

    assert made.provider is PROVIDER
    made.test_names_are_plain_and_unique()
    made.test_the_provider_describes_itself()
    made.test_messages_become_known_documents()
    made.test_actions_concern_known_entities_and_raise_events()
    made.test_forms_have_a_schema_and_refuse_unknown_fields()


@pytest.mark.parametrize(
    ("changes", "test", "message"),
    [
        ({"name": "Demo-3PL"}, "test_names_are_plain_and_unique", "'Demo-3PL' is not a plain name"),
        ({"title": ""}, "test_the_provider_describes_itself", "a provider has a title"),
        ({"description": ""}, "test_the_provider_describes_itself", "a provider has a description"),
        (
            {"actions": (*PROVIDER.actions, PROVIDER.actions[0])},
            "test_names_are_plain_and_unique",
            "actions given twice",
        ),
        (
            {"messages": (*PROVIDER.messages, PROVIDER.messages[0])},
            "test_names_are_plain_and_unique",
            "message kinds given twice",
        ),
        (
            {"actions": (replace(PROVIDER.actions[0], entity="planet"),)},
            "test_actions_concern_known_entities_and_raise_events",
            "no entity planet",
        ),
        (
            {"actions": (replace(PROVIDER.actions[0], batch=0),)},
            "test_actions_concern_known_entities_and_raise_events",
            "batch",
        ),
        (
            {"actions": (replace(PROVIDER.actions[0], succeeded="Sent"),)},
            "test_actions_concern_known_entities_and_raise_events",
            "'Sent' is not an event's name",
        ),
        (
            {"messages": (replace(PROVIDER.messages[0], document="poem"),)},
            "test_messages_become_known_documents",
            "no document poem",
        ),
    ],
)
def test_a_faulty_manifest_is_found(changes: dict[str, Any], test: str, message: str) -> None:
    made = contract(replace(PROVIDER, **changes))

    with pytest.raises(AssertionError, match=message):
        getattr(made, test)()


def test_missing_golden_files_are_found(tmp_path: Path) -> None:
    made = contract(PROVIDER, tmp_path)

    with pytest.raises(AssertionError, match="every transformation has a golden file"):
        made.test_golden_messages_become_the_documents_written_beside_them()


def test_golden_files_are_read_by_name(tmp_path: Path) -> None:
    for name in ("message.order.json", "action.send.large.json", "notes.txt"):
        body = {"given": {"a": 1}, "document": {"b": 2}}
        (tmp_path / name).write_bytes(orjson.dumps(body))

    keyed = {"given": {}, "document": {}, "keys": [["product", "sku", "1", None]]}
    (tmp_path / "message.stock.json").write_bytes(orjson.dumps(keyed))

    assert golden_cases(tmp_path) == [
        GoldenCase("action.send.large.json", "action:send", {"a": 1}, {"b": 2}, []),
        GoldenCase("message.order.json", "message:order", {"a": 1}, {"b": 2}, []),
        GoldenCase("message.stock.json", "message:stock", {}, {}, [["product", "sku", "1", None]]),
    ]


class Fixed:
    """A transformation with a given result."""

    def __init__(self, result: Any) -> None:
        self.result = result

    def transform_many(self, given: Any) -> list[Any]:
        assert given == [{"a": 1}]
        return [self.result]


def test_a_document_that_differs_from_its_golden_file_is_found() -> None:
    case = GoldenCase("message.order.json", "message:order", {"a": 1}, {"b": {"c": [1, 2]}}, [])
    right: Any = Fixed(Transformed({"b": {"c": [1, 2]}}, []))
    wrong: Any = Fixed(Transformed({"b": {"c": [1, 3]}}, []))

    assert target_of(right, case).document == case.document
    with pytest.raises(AssertionError, match=r"message.order.json: b.c\[1\] is 3, golden is 2"):
        target_of(wrong, case)


def test_a_transformation_that_fails_is_reported_with_its_path() -> None:
    case = GoldenCase("message.order.json", "message:order", {"a": 1}, {}, [])
    failing: Any = Fixed(TransformFailure("total", "amount / 0", "division by zero", {}))

    with pytest.raises(AssertionError, match="message.order.json: total: "):
        target_of(failing, case)


@pytest.mark.parametrize(
    ("made", "golden", "difference"),
    [
        ({"a": 1}, {"a": 2}, "a is 1, golden is 2"),
        ({"a": {"b": 1}}, {"a": {}}, "a.b is 1, golden is None"),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "a[1].b is 2, golden is 3"),
        ({"a": [1]}, {"a": [1, 2]}, "a is [1], golden is [1, 2]"),
        ({"b": 1, "a": 1}, {"b": 2, "a": 2}, "a is 1, golden is 2"),
        ([1], {"a": 1}, " is [1], golden is {'a': 1}"),
    ],
)
def test_the_first_difference_is_named_with_both_values(
    made: Any, golden: Any, difference: str
) -> None:
    assert first_difference(made, golden) == difference


def test_an_unreachable_address_has_no_listener() -> None:
    host, port = unreachable_address()

    with socket.socket() as client:
        assert client.connect_ex((host, port)) != 0


def test_calls_are_recorded_in_order() -> None:
    calls = RecordedCalls()
    first: Any = object()
    second: Any = object()
    calls(first)
    calls(second)

    assert calls == [first, second]
