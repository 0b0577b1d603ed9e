"""Facts are loaded once per batch, and again only after something was written."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from tests.orchestration.entities import ORDER

from openiom.orchestration.fact_cache import FactCache
from openiom.provider_contract import Facts

A, B, UNKNOWN = UUID(int=1), UUID(int=2), UUID(int=9)
ITEM_1, ITEM_2 = UUID(int=11), UUID(int=12)


@dataclass
class Loads:
    """Facts in memory, and what was loaded of them."""

    facts: list[tuple[list[UUID], Collection[str] | None]] = field(default_factory=list)
    children: list[list[UUID]] = field(default_factory=list)

    def load_facts(
        self, session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
    ) -> dict[UUID, Facts]:
        self.facts.append((list(ids), fields))
        return {id: {"number": id.int, "color": "red"} for id in ids if id != UNKNOWN}

    def load_children(self, session: Session, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
        self.children.append(list(ids))
        return {id: [ITEM_1, ITEM_2] for id in ids if id == A}


def cache_of(loads: Loads) -> FactCache:
    order = replace(ORDER, facts=loads.load_facts, children={"item": loads.load_children})
    session: Any = None
    return FactCache(session, {"order": order})


def test_facts_are_loaded_once():
    loads = Loads()
    cache = cache_of(loads)
    assert cache.load("order", [A])[A] == {"number": 1, "color": "red"}
    cache.load("order", [A, B])
    cache.load("order", [B, A])
    assert loads.facts == [([A], None), ([B], None)]


def test_facts_of_unknown_ids_are_absent():
    cache = cache_of(Loads())
    known = cache.load("order", [A, UNKNOWN])
    assert A in known
    assert UNKNOWN not in known


def test_complete_facts_serve_every_choice_of_fields():
    loads = Loads()
    cache = cache_of(loads)
    cache.load("order", [A])
    cache.load("order", [A], frozenset({"number"}))
    assert loads.facts == [([A], None)]


def test_other_fields_are_loaded_again():
    loads = Loads()
    cache = cache_of(loads)
    number, color = frozenset({"number"}), frozenset({"color"})
    cache.load("order", [A], number)
    cache.load("order", [A], number)
    cache.load("order", [A], color)
    cache.load("order", [A, B], None)
    assert loads.facts == [([A], number), ([A], color), ([A, B], None)]


def test_incomplete_facts_do_not_serve_a_load_with_more_ids():
    loads = Loads()
    cache = cache_of(loads)
    fields = frozenset({"number"})
    cache.load("order", [A])
    cache.load("order", [A, B], fields)
    assert loads.facts == [([A], None), ([A, B], fields)]


def test_children_are_loaded_once_and_an_entity_without_any_has_an_empty_list():
    loads = Loads()
    cache = cache_of(loads)
    assert cache.children("order", "item", [A, B]) == {A: [ITEM_1, ITEM_2], B: []}
    cache.children("order", "item", [B])
    assert loads.children == [[A, B]]


def test_after_a_write_everything_is_loaded_again():
    loads = Loads()
    cache = cache_of(loads)
    cache.load("order", [A])
    cache.children("order", "item", [A])
    cache.invalidate()
    cache.load("order", [A])
    cache.children("order", "item", [A])
    assert loads.facts == [([A], None)] * 2
    assert loads.children == [[A]] * 2


def test_assumed_fields_are_read_as_if_they_were_written():
    cache = cache_of(Loads())
    cache.load("order", [A, B])
    cache.assume("order", {A: {"color": "blue"}})
    cache.assume("order", {A: {"size": 3}})
    known = cache.load("order", [A, B])
    assert known[A] == {"number": 1, "color": "blue", "size": 3}
    assert known[B] == {"number": 2, "color": "red"}
    cache.invalidate()
    assert cache.load("order", [A])[A]["color"] == "blue"
