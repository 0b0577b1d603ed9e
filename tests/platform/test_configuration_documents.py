"""Reads of documents, their comparison, and queries that keep them from deletion."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from openiom.kernel import NotFound, Problem
from openiom.platform.bulk import execute
from openiom.platform.configuration import (
    Configuration,
    DocumentKind,
    UseQuery,
    changed_paths,
    current_bodies,
    current_documents,
    digest,
    find_document,
    get_document,
    last_change,
    latest_bodies,
    search_documents,
)
from openiom.platform.database import Database

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=2), JSON, max_size=3)


class Body(BaseModel):
    model_config = ConfigDict(extra="allow")


@pytest.fixture
def configuration() -> Configuration:
    configuration = Configuration()
    configuration.register(DocumentKind("lamp", Body), DocumentKind("shade", Body))
    return configuration


def apply(
    configuration: Configuration,
    session: Session,
    kind: str,
    documents: dict[str, dict[str, Any]],
    *,
    at: datetime = NOW,
    actor: str = "ann",
) -> None:
    wanted = [{"kind": kind, "name": name, "body": body} for name, body in documents.items()]
    configuration.apply(session, wanted, at=at, actor=actor)


def test_a_document_is_found_in_its_current_version(
    database: Database, configuration: Configuration
) -> None:
    with database.unit_of_work() as session:
        apply(configuration, session, "lamp", {"desk": {"watt": 5}})
        apply(configuration, session, "lamp", {"desk": {"watt": 7}})

        found = find_document(session, "lamp", "desk")
        assert found is not None
        assert (found.kind, found.name, found.version, found.body) == (
            "lamp",
            "desk",
            2,
            {"watt": 7},
        )
        assert find_document(session, "lamp", "wall") is None
        assert find_document(session, "shade", "desk") is None
        assert get_document(session, "lamp", "desk", version=1).body == {"watt": 5}

        with pytest.raises(NotFound, match="no lamp named desk in version 3"):
            get_document(session, "lamp", "desk", version=3)

        with pytest.raises(NotFound, match=r"no lamp named wall$"):
            get_document(session, "lamp", "wall")


def test_documents_are_listed_by_name(database: Database, configuration: Configuration) -> None:
    with database.unit_of_work() as session:
        apply(configuration, session, "lamp", {"wall": {}, "desk": {}, "floor": {}})

        assert [one.name for one in current_documents(session, "lamp")] == [
            "desk",
            "floor",
            "wall",
        ]
        chosen = current_documents(session, "lamp", names=["wall", "desk", "missing"])
        assert [one.name for one in chosen] == ["desk", "wall"]
        assert current_documents(session, "lamp", names=[]) == []


def test_more_names_than_a_statement_has_parameters_are_accepted(
    database: Database, configuration: Configuration
) -> None:
    names = [f"lamp {number}" for number in range(70_000)]
    with database.unit_of_work() as session:
        apply(configuration, session, "lamp", {"lamp 69999": {}})

        assert len(current_documents(session, "lamp", names=names)) == 1


def test_bodies_are_in_the_order_of_their_last_change(
    database: Database, configuration: Configuration
) -> None:
    with database.unit_of_work() as session:
        apply(configuration, session, "lamp", {"a": {"watt": 1}, "b": {"watt": 2}})
        apply(configuration, session, "lamp", {"a": {"watt": 3}})
        apply(configuration, session, "shade", {"red": {}})

        bodies = current_bodies(session, ["lamp", "unknown"])

    assert bodies == {"lamp": {"b": {"watt": 2}, "a": {"watt": 3}}, "unknown": {}}
    assert list(bodies["lamp"]) == ["b", "a"]


def test_the_newest_body_of_a_deleted_document_is_still_read(
    database: Database, configuration: Configuration
) -> None:
    with database.unit_of_work() as session:
        apply(configuration, session, "lamp", {"a": {"watt": 1}, "b": {"watt": 2}})
        apply(configuration, session, "lamp", {"a": {"watt": 3}})
        configuration.remove(session, [("lamp", "a")], at=NOW, actor="ann")

        assert latest_bodies(session, "lamp", ["a", "b", "c"]) == {
            "a": {"watt": 3},
            "b": {"watt": 2},
        }


def test_the_last_change_is_known_by_kind_and_name(
    database: Database, configuration: Configuration
) -> None:
    later = NOW + timedelta(hours=1)
    with database.unit_of_work() as session:
        apply(configuration, session, "lamp", {"a": {}, "b": {}})
        apply(configuration, session, "lamp", {"b": {"watt": 1}}, at=later, actor="bob")

        assert last_change(session, "lamp") == (later, "bob")
        assert last_change(session, "lamp", ["a"]) == (NOW, "ann")
        assert last_change(session, "lamp", ["a", "b"]) == (later, "bob")

        with pytest.raises(NotFound, match="no shade has been stored"):
            last_change(session, "shade")


def test_documents_are_searched_by_name_and_label(
    database: Database, configuration: Configuration
) -> None:
    with database.unit_of_work() as session:
        documents = {
            "L-1": {"title": "Desk lamp"},
            "L-2": {"name": "Floor Lamp", "title": "Standing light"},
            "L-3": {"name": "100% wool"},
            "DESK": {},
        }
        apply(configuration, session, "lamp", documents)
        apply(configuration, session, "shade", {"desk": {"title": "Desk"}})

        def search(words: str, *fields: str, limit: int = 10) -> list[tuple[str, str]]:
            return search_documents(
                session, "lamp", words, label_fields=fields or ("title",), limit=limit
            )

        assert search("desk") == [("DESK", ""), ("L-1", "Desk lamp")]
        assert search("lamp") == [("L-1", "Desk lamp")]
        assert search("lamp", "name", "title") == [("L-1", "Desk lamp"), ("L-2", "Floor Lamp")]
        assert search("l-", limit=2) == [("L-1", "Desk lamp"), ("L-2", "Standing light")]
        assert search("%", "name") == [("L-3", "100% wool")]
        assert search("_") == []


def test_a_use_query_names_the_documents_that_data_needs(database: Database) -> None:
    in_use = UseQuery(
        "lamp",
        "is switched on",
        "switch it off",
        "SELECT name FROM public.use_test WHERE name = ANY(%s) ORDER BY name",
    )
    with database.unit_of_work() as session:
        execute(session, "CREATE TABLE IF NOT EXISTS public.use_test (name text)")
        execute(session, "TRUNCATE public.use_test")
        execute(session, "INSERT INTO public.use_test VALUES ('desk'), ('wall')")

        assert in_use(session, ["wall", "desk", "floor"]) == [
            Problem("lamp desk", "is switched on", "switch it off"),
            Problem("lamp wall", "is switched on", "switch it off"),
        ]
        assert in_use(session, ["floor"]) == []


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ({}, {}, []),
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["a"]),
        ({"a": 1}, {}, ["a"]),
        ({}, {"a": 1}, ["a"]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, ["a.c"]),
        ({"a": [1, 2, 3]}, {"a": [1, 5, 6]}, ["a[1]", "a[2]"]),
        ({"a": [1, 2]}, {"a": [1, 2, 3]}, ["a"]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, ["a[0].b"]),
        ({"a": {"b": 1}}, {"a": 1}, ["a"]),
        ({"b": 1, "a": 1}, {"a": 2, "b": 2}, ["a", "b"]),
    ],
)
def test_changed_paths_name_what_differs(
    old: dict[str, Any], new: dict[str, Any], paths: list[str]
) -> None:
    assert changed_paths(old, new) == paths


@given(OBJECTS)
def test_a_body_does_not_differ_from_itself(body: dict[str, Any]) -> None:
    assert changed_paths(body, body) == []


@given(OBJECTS, OBJECTS)
def test_the_same_paths_differ_in_both_directions(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert changed_paths(first, second) == changed_paths(second, first)


@given(OBJECTS)
def test_the_digest_does_not_depend_on_the_order_of_keys(body: dict[str, Any]) -> None:
    assert digest(body) == digest(dict(reversed(body.items())))


def test_the_digest_depends_on_every_value_and_the_order_of_lists() -> None:
    assert digest({"a": {"b": 1, "c": 2}}) == digest({"a": {"c": 2, "b": 1}})
    assert digest({"a": 1}) != digest({"a": "1"})
    assert digest({"a": [1, 2]}) != digest({"a": [2, 1]})
    assert digest({"a": None}) != digest({})
