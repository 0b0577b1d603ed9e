"""Compiled documents are kept until the documents change, and never longer."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from openiom.platform.compiled_documents import (
    Bodies,
    CompiledCache,
    CompiledConfiguration,
    CompiledDocuments,
    documents_state,
)
from openiom.platform.configuration import Configuration, DocumentKind
from openiom.platform.database import Database

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


class ColorBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    value: int


@pytest.fixture
def configuration() -> Configuration:
    configuration = Configuration()
    configuration.register(DocumentKind("color", ColorBody), DocumentKind("shape", ColorBody))
    return configuration


def apply(
    configuration: Configuration, session: Session, kind: str = "color", **values: int
) -> None:
    documents = []
    for name, value in values.items():
        documents.append({"kind": kind, "name": name, "body": {"value": value}})
    configuration.apply(session, documents, at=NOW, actor="test")


class Recorder:
    """Compiles bodies into the sum of their values, and records every compilation."""

    def __init__(self) -> None:
        self.compiled: list[Any] = []

    def together(self, session: Session, bodies: Bodies) -> int:
        total = 0
        for by_name in bodies.values():
            total += sum(body["value"] for body in by_name.values())
        self.compiled.append(bodies)
        return total

    def one(self, name: str, body: dict[str, Any]) -> str:
        self.compiled.append(name)
        return f"{name}={body['value']}"


def test_documents_compiled_together_are_compiled_once_per_state(
    database: Database, configuration: Configuration
) -> None:
    recorder = Recorder()
    colors = CompiledConfiguration(("color", "shape"), recorder.together)

    with database.unit_of_work() as session:
        apply(configuration, session, red=1, blue=2)
        apply(configuration, session, "shape", circle=40)
        assert colors.current(session) == 43
        assert colors.current(session) == 43

    assert len(recorder.compiled) == 1
    assert recorder.compiled[0] == {
        "color": {"red": {"value": 1}, "blue": {"value": 2}},
        "shape": {"circle": {"value": 40}},
    }

    with database.unit_of_work() as session:
        apply(configuration, session, red=5)
        assert colors.current(session) == 47

    assert len(recorder.compiled) == 2


def test_kinds_without_documents_are_empty(database: Database) -> None:
    recorder = Recorder()
    with database.reading() as session:
        assert CompiledConfiguration(("color",), recorder.together).current(session) == 0
    assert recorder.compiled == [{"color": {}}]


def test_a_change_is_seen_by_its_own_transaction_only_until_it_commits(
    database: Database, configuration: Configuration
) -> None:
    colors = CompiledConfiguration(("color",), Recorder().together)
    with database.unit_of_work() as session:
        apply(configuration, session, red=1)

    with database.unit_of_work() as writer, database.reading() as reader:
        apply(configuration, writer, red=2)
        assert colors.current(writer) == 2
        assert colors.current(reader) == 1


def test_other_kinds_do_not_change_the_state_and_deletion_does(
    database: Database, configuration: Configuration
) -> None:
    with database.unit_of_work() as session:
        apply(configuration, session, red=1)
        before = documents_state(session, ["color"])
        apply(configuration, session, "shape", circle=1)
        assert documents_state(session, ["color"]) == before
        configuration.remove(session, [("color", "red")], at=NOW, actor="test")
        assert documents_state(session, ["color"]) == (0, 0, 0)


def test_documents_changed_while_they_are_compiled_are_not_kept_under_the_old_state(
    database: Database, configuration: Configuration
) -> None:
    with database.unit_of_work() as session:
        apply(configuration, session, red=1)

    interruptions = [2]

    def compile_slowly(session: Session, bodies: Bodies) -> int:
        if interruptions:
            with database.unit_of_work() as other:
                apply(configuration, other, red=interruptions.pop())
        return int(bodies["color"]["red"]["value"])

    colors = CompiledConfiguration(("color",), compile_slowly)
    with database.reading() as session:
        assert colors.current(session) == 2

    with database.unit_of_work() as session:
        apply(configuration, session, red=1)
        assert colors.current(session) == 1


def test_only_the_last_states_are_kept(database: Database, configuration: Configuration) -> None:
    recorder = Recorder()
    colors = CompiledConfiguration(("color",), recorder.together, capacity=2)

    for value in (1, 2, 3):
        with database.unit_of_work() as session:
            apply(configuration, session, red=value)
            assert colors.current(session) == value

    assert len(recorder.compiled) == 3
    colors.clear()

    with database.reading() as session:
        assert colors.current(session) == 3

    assert len(recorder.compiled) == 4


def test_documents_compiled_one_by_one_are_compiled_again_only_where_they_changed(
    database: Database, configuration: Configuration
) -> None:
    recorder = Recorder()
    colors = CompiledDocuments("color", recorder.one)

    with database.unit_of_work() as session:
        apply(configuration, session, red=1, blue=2, green=3)
        assert colors.get(session, ["red", "blue"]) == {"red": "red=1", "blue": "blue=2"}
        assert sorted(recorder.compiled) == ["blue", "red"]
        apply(configuration, session, red=9)
        assert colors.get(session) == {"blue": "blue=2", "green": "green=3", "red": "red=9"}

    assert sorted(recorder.compiled) == ["blue", "green", "red", "red"]


def test_names_without_a_current_document_are_absent(
    database: Database, configuration: Configuration
) -> None:
    colors = CompiledDocuments("color", Recorder().one)
    with database.unit_of_work() as session:
        apply(configuration, session, red=1, blue=2)
        configuration.remove(session, [("color", "red")], at=NOW, actor="test")
        assert colors.get(session, ["red", "blue", "never"]) == {"blue": "blue=2"}
        assert colors.get(session, []) == {}


def test_the_cache_forgets_what_was_used_least_recently() -> None:
    cache: CompiledCache[int, str] = CompiledCache(capacity=2)
    compiled: list[int] = []

    def compile_missing(keys: list[int]) -> Mapping[int, str]:
        compiled.extend(keys)
        return {key: str(key) for key in keys}

    cache.get_many([1, 2], compile_missing)
    cache.get_many([1], compile_missing)
    cache.get_many([3], compile_missing)
    assert cache.get_many([1, 3], compile_missing) == {1: "1", 3: "3"}
    assert compiled == [1, 2, 3]
    assert cache.get_many([2], compile_missing) == {2: "2"}
    assert compiled == [1, 2, 3, 2]
    assert len(cache) == 2


def test_a_call_for_more_than_the_capacity_still_returns_everything() -> None:
    cache: CompiledCache[int, int] = CompiledCache(capacity=3)

    squares = cache.get_many(range(10), lambda keys: {key: key * key for key in keys})

    assert squares == {key: key * key for key in range(10)}
    assert len(cache) == 3


def test_keys_that_cannot_be_compiled_are_absent_and_tried_again() -> None:
    cache: CompiledCache[int, str] = CompiledCache(capacity=3)

    assert cache.get_many([1, 1], lambda keys: {}) == {}
    assert cache.get_many([1], lambda keys: {key: "now" for key in keys}) == {1: "now"}


def test_threads_share_one_cache() -> None:
    cache: CompiledCache[int, int] = CompiledCache(capacity=50)
    start = Barrier(8)
    wrong: list[int] = []

    def use(offset: int) -> None:
        start.wait()
        for turn in range(2_000):
            key = (offset + turn) % 60
            if cache.get_many([key], lambda keys: {k: k + 1 for k in keys}) != {key: key + 1}:
                wrong.append(key)

    threads = [Thread(target=use, args=(offset,)) for offset in range(8)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert wrong == []
    assert len(cache) <= 50


VERSIONS = 25
READERS = 3


def read_while_versions_change(
    database: Database, configuration: Configuration, read: Callable[[Session], Any]
) -> list[list[Any]]:
    """Return what each reader read while all colors changed together to 2, 3, and so on."""
    with database.unit_of_work() as session:
        apply(configuration, session, red=1, blue=1)

    start = Barrier(READERS + 1)
    changed = Event()

    def read_repeatedly() -> list[Any]:
        found: list[Any] = []
        start.wait()
        while not changed.is_set():
            with database.reading() as session:
                found.append(read(session))

        with database.reading() as session:
            found.append(read(session))

        return found

    with ThreadPoolExecutor(READERS) as pool:
        readers = [pool.submit(read_repeatedly) for _ in range(READERS)]
        start.wait()
        try:
            for value in range(2, VERSIONS + 1):
                with database.unit_of_work() as session:
                    apply(configuration, session, red=value, blue=value)
        finally:
            changed.set()

        return [reader.result() for reader in readers]


def test_readers_see_whole_versions_in_their_order_while_the_documents_change(
    database: Database, configuration: Configuration
) -> None:
    def pair(session: Session, bodies: Bodies) -> tuple[int, int]:
        colors = bodies["color"]
        return colors["red"]["value"], colors["blue"]["value"]

    colors = CompiledConfiguration(("color",), pair, capacity=1)

    def read(session: Session) -> tuple[int, int]:
        found = colors.current(session)
        colors.clear()
        return found

    for found in read_while_versions_change(database, configuration, read):
        assert all(red == blue for red, blue in found)
        assert found == sorted(found)
        assert found[-1] == (VERSIONS, VERSIONS)


def test_readers_of_single_documents_miss_none_while_they_change(
    database: Database, configuration: Configuration
) -> None:
    colors = CompiledDocuments("color", lambda name, body: body["value"], capacity=1)

    def read(session: Session) -> dict[str, int]:
        found = colors.get(session, ["red", "blue"])
        colors.clear()
        return found

    for found in read_while_versions_change(database, configuration, read):
        assert all(sorted(values) == ["blue", "red"] for values in found)
        reds = [values["red"] for values in found]
        assert reds == sorted(reds)
        assert found[-1] == {"red": VERSIONS, "blue": VERSIONS}
