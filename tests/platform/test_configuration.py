"""Documents are applied all or none, and versioned only when they changed."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import sleep
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, NotFound, Problem, Refused
from openiom.platform.configuration import (
    Configuration,
    Document,
    DocumentChange,
    DocumentKind,
    changed_paths,
    current_documents,
    get_document,
)
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Lamp(BaseModel):
    model_config = ConfigDict(extra="forbid")

    watt: int
    colors: list[str] = []
    parts: dict[str, Any] = {}


class Table(BaseModel):
    lamp: str


APPLIED: list[tuple[str, int]] = []


def table_problems(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    known = [d.name for d in current_documents(session, "lamp", names=[body["lamp"]])]
    return [] if known else [Problem("lamp", f"no lamp named {body['lamp']}", "create it first")]


def note(session: Session, documents: Sequence[Document]) -> None:
    APPLIED.extend((d.name, d.version) for d in documents)


@pytest.fixture
def configuration() -> Configuration:
    APPLIED.clear()
    made = Configuration()
    made.register(
        DocumentKind("table", Table, 20, check=table_problems, references={"lamp": ("$.lamp",)}),
        DocumentKind("lamp", Lamp, 10, on_apply=note),
    )
    return made


def apply(
    database: Database,
    configuration: Configuration,
    *documents: dict[str, Any],
    dry_run: bool = False,
) -> list[DocumentChange]:
    with database.unit_of_work() as session:
        return configuration.apply(session, documents, at=NOW, actor="test", dry_run=dry_run)


def lamp(watt: Any = 5, name: str = "desk", **more: Any) -> dict[str, Any]:
    return {"kind": "lamp", "name": name, "body": {"watt": watt, **more}}


def table(name: str, lit_by: str) -> dict[str, Any]:
    return {"kind": "table", "name": name, "body": {"lamp": lit_by}}


def test_a_version_is_written_only_when_the_body_changed(
    database: Database, configuration: Configuration
) -> None:
    first = apply(database, configuration, lamp(5))
    same = apply(database, configuration, lamp(5))
    changed = apply(database, configuration, lamp(7))
    assert [(c.change, c.version) for c in (*first, *same, *changed)] == [
        ("added", 1),
        ("unchanged", 1),
        ("changed", 2),
    ]
    assert changed[0].paths == ("watt",)
    assert APPLIED == [("desk", 1), ("desk", 2)]

    with database.reading() as session:
        assert get_document(session, "lamp", "desk").body == {"watt": 7}
        assert get_document(session, "lamp", "desk", version=1).body == {"watt": 5}


def test_kinds_are_applied_in_order_so_that_references_exist(
    database: Database, configuration: Configuration
) -> None:
    document = {"kind": "table", "name": "office", "body": {"lamp": "desk"}}
    assert [c.name for c in apply(database, configuration, document, lamp())] == ["desk", "office"]


def test_every_problem_of_every_document_is_reported_and_nothing_is_stored(
    database: Database, configuration: Configuration
) -> None:
    with pytest.raises(Invalid) as error:
        apply(database, configuration, lamp("bright"), lamp(1, "wall", size=3))

    assert [p.where for p in error.value.problems] == ["lamp desk, watt", "lamp wall, size"]
    document = {"kind": "table", "name": "office", "body": {"lamp": "missing"}}
    with pytest.raises(Invalid, match="no lamp named missing"):
        apply(database, configuration, lamp(), document)

    with database.reading() as session:
        assert current_documents(session, "lamp") == []


def test_a_document_given_twice_is_refused_by_name(
    database: Database, configuration: Configuration
) -> None:
    first, second = (
        {"kind": "lamp", "name": "ceiling", "body": {"watt": watt}} for watt in (40, 60)
    )
    with pytest.raises(Invalid, match="lamp ceiling: is given more than once"):
        apply(database, configuration, first, second)

    with database.reading() as session:
        assert current_documents(session, "lamp") == []


def test_a_dry_run_returns_the_changes_and_writes_nothing(
    database: Database, configuration: Configuration
) -> None:
    assert apply(database, configuration, lamp(), dry_run=True)[0].change == "added"
    with database.reading() as session:
        assert current_documents(session, "lamp") == []


def test_applying_an_export_changes_nothing(
    database: Database, configuration: Configuration
) -> None:
    apply(
        database,
        configuration,
        lamp(5, colors=["red"], parts={"b": 1, "a": [1, 2]}),
        lamp(9, "wall"),
    )
    with database.reading() as session:
        exported = configuration.export(session)

    assert {c.change for c in apply(database, configuration, *exported)} == {"unchanged"}


def test_a_deleted_document_can_be_brought_back(
    database: Database, configuration: Configuration
) -> None:
    apply(database, configuration, lamp(5))
    with database.unit_of_work() as session:
        configuration.remove(session, [("lamp", "desk")], at=NOW, actor="test")

    with database.reading() as session:
        assert current_documents(session, "lamp") == []
        with pytest.raises(NotFound, match="no lamp named desk"):
            get_document(session, "lamp", "desk")

    assert apply(database, configuration, lamp(5))[0].version == 3


def test_an_unknown_kind_names_the_known_ones(
    database: Database, configuration: Configuration
) -> None:
    with pytest.raises(NotFound, match="known kinds: lamp, table"):
        apply(database, configuration, {"kind": "sofa", "name": "x", "body": {}})


def test_changed_paths_name_what_differs() -> None:
    old = {"a": 1, "b": {"c": [1, 2], "d": 0}, "gone": 1}
    new = {"a": 1, "b": {"c": [1, 3], "d": 0}, "new": 2}
    assert changed_paths(old, new) == ["b.c[1]", "gone", "new"]


def test_a_document_in_use_is_not_deleted_and_its_users_are_named(
    database: Database, configuration: Configuration
) -> None:
    for n, watt in (("desk", 5), ("wall", 7)):
        apply(database, configuration, lamp(watt, n))

    apply(database, configuration, table("study", "desk"), table("attic", "desk"))
    for wanted in ([("lamp", "desk")], [("lamp", "desk"), ("table", "attic")]):
        with pytest.raises(Refused) as refused, database.unit_of_work() as session:
            configuration.remove(session, wanted, at=NOW, actor="test")

        assert str(refused.value.problems[-1]) == (
            "lamp desk: is used by table study (lamp) (change or delete that table)"
        )
        assert len(refused.value.problems) == 3 - len(wanted), wanted

    with database.reading() as session:
        assert [d.name for d in current_documents(session, "lamp")] == ["desk", "wall"]
        assert [d.name for d in current_documents(session, "table")] == ["attic", "study"]


def test_documents_that_use_each_other_are_deleted_together(
    database: Database, configuration: Configuration
) -> None:
    apply(database, configuration, lamp(5), table("study", "desk"))
    with database.unit_of_work() as session:
        gone = configuration.remove(
            session, [("lamp", "desk"), ("table", "study")], at=NOW, actor="ann"
        )

    assert [(c.kind, c.name, c.change, c.version) for c in gone] == [
        ("lamp", "desk", "removed", 2),
        ("table", "study", "removed", 2),
    ]
    with database.reading() as session:
        kept = session.execute(
            text("SELECT kind, version, actor, deleted FROM platform.configuration_document")
        )
        assert sorted(map(tuple, kept)) == [
            ("lamp", 1, "test", False),
            ("lamp", 2, "ann", True),
            ("table", 1, "test", False),
            ("table", 2, "ann", True),
        ]


def test_a_dry_run_of_a_deletion_deletes_nothing_and_names_missing_documents(
    database: Database, configuration: Configuration
) -> None:
    apply(database, configuration, lamp(5), lamp(6, "wall"), table("study", "wall"))
    with database.unit_of_work() as session:
        assert (
            configuration.remove(session, [("lamp", "desk")], at=NOW, actor="test", dry_run=True)[
                0
            ].change
            == "removed"
        )
        with pytest.raises(NotFound, match="no lamp named floor, no table named hall"):
            configuration.remove(
                session, [("table", "hall"), ("lamp", "floor")], at=NOW, actor="test"
            )

        with pytest.raises(Refused, match="is used by table study"):
            configuration.remove(session, [("lamp", "wall")], at=NOW, actor="test", dry_run=True)

    with database.reading() as session:
        assert len(current_documents(session, "lamp")) == 2


def test_a_guard_keeps_documents_that_data_needs(
    database: Database, configuration: Configuration
) -> None:
    apply(database, configuration, lamp(5))
    configuration.add_deletion_guard(
        "lamp", lambda _, names: [Problem(f"lamp {n}", "is switched on") for n in names]
    )

    with (
        pytest.raises(Refused, match="lamp desk: is switched on"),
        database.unit_of_work() as session,
    ):
        configuration.remove(session, [("lamp", "desk")], at=NOW, actor="test")


def test_pruning_deletes_the_other_documents_of_the_given_kinds(
    database: Database, configuration: Configuration
) -> None:
    apply(database, configuration, lamp(5), lamp(6, "wall"), table("study", "desk"))
    with database.unit_of_work() as session:
        dry_run = configuration.apply(
            session, [lamp(6, "wall")], at=NOW, actor="test", dry_run=True, prune=True
        )

    assert [(c.name, c.change) for c in dry_run] == [("wall", "unchanged"), ("desk", "removed")]
    with pytest.raises(Refused, match="is used by table study"), database.unit_of_work() as session:
        configuration.apply(session, [lamp(6, "wall")], at=NOW, actor="test", prune=True)

    wanted = [lamp(6, "wall"), table("study", "wall")]
    with database.unit_of_work() as session:
        done = configuration.apply(session, wanted, at=NOW, actor="test", prune=True)

    assert {(c.kind, c.name, c.change) for c in done} == {
        ("lamp", "wall", "unchanged"),
        ("table", "study", "changed"),
        ("lamp", "desk", "removed"),
    }


def test_naming_a_document_and_deleting_it_exclude_each_other(
    database: Database, configuration: Configuration
) -> None:
    apply(database, configuration, lamp(5))
    with ThreadPoolExecutor(1) as pool:
        with database.unit_of_work() as session:
            configuration.apply(session, [table("study", "desk")], at=NOW, actor="ann")
            late = pool.submit(delete_lamp, database, configuration)
            sleep(0.3)
            assert not late.done()

        with pytest.raises(Refused, match="is used by table study"):
            late.result(10)


def delete_lamp(database: Database, configuration: Configuration) -> None:
    with database.unit_of_work() as session:
        configuration.remove(session, [("lamp", "desk")], at=NOW, actor="bob")
