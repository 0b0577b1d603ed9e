"""Kits are resolved to their components when they are configured, and contain no cycles."""

from random import Random
from typing import Any

import pytest
from tests.master_data.applied import NOW, apply

from openiom.kernel import Invalid, Refused
from openiom.master_data import kit_parts
from openiom.master_data.decisions import explode
from openiom.platform.database import Database


def product(name: str, **parts: int) -> dict[str, Any]:
    components = [{"product": part, "quantity": quantity} for part, quantity in parts.items()]
    return {"kind": "product", "name": name, "body": {"name": name, "components": components}}


def parts(database: Database, *kits: str) -> dict[str, dict[str, int]]:
    with database.reading() as session:
        return kit_parts(session, kits)


def test_nested_kits_are_resolved_to_their_components(database: Database) -> None:
    apply(
        database,
        product("BOLT"),
        product("LEG", BOLT=2),
        product("TOP"),
        product("TABLE", TOP=1, LEG=4, BOLT=1),
    )
    assert parts(database, "TABLE", "LEG", "TOP") == {
        "TABLE": {"TOP": 1, "BOLT": 9},
        "LEG": {"BOLT": 2},
    }


def test_changing_a_component_changes_every_kit_that_contains_it(database: Database) -> None:
    apply(database, product("BOLT"), product("LEG", BOLT=2), product("TABLE", LEG=4))
    apply(database, product("LEG", BOLT=3))
    assert parts(database, "TABLE") == {"TABLE": {"BOLT": 12}}
    apply(database, product("LEG"))
    assert parts(database, "TABLE", "LEG") == {"TABLE": {"LEG": 4}}


def test_a_cycle_is_refused_and_changes_nothing(database: Database) -> None:
    apply(database, product("BOLT"), product("LEG", BOLT=2), product("TABLE", LEG=4))
    with pytest.raises(Invalid, match="a kit cannot contain itself"):
        apply(database, product("LEG", TABLE=1))

    with pytest.raises(Invalid, match="A in B in A|B in A in B"):
        apply(database, product("A", B=1), product("B", A=1))

    with pytest.raises(Invalid, match="SELF in SELF"):
        apply(database, product("SELF", SELF=1))

    assert parts(database, "TABLE", "LEG", "A", "B", "SELF") == {
        "TABLE": {"BOLT": 8},
        "LEG": {"BOLT": 2},
    }


def test_a_component_that_is_not_a_product_is_refused(database: Database) -> None:
    with pytest.raises(Invalid, match="there is no product GHOST"):
        apply(database, product("TABLE", GHOST=1))

    configuration = apply(database, product("BOLT"), product("LEG", BOLT=2))
    with (
        pytest.raises(Refused, match="BOLT: is used by product LEG"),
        database.unit_of_work() as session,
    ):
        configuration.remove(session, [("product", "BOLT")], at=NOW, actor="test")

    assert parts(database, "LEG") == {"LEG": {"BOLT": 2}}


def test_random_kits_conserve_their_components() -> None:
    random = Random(7)
    for _ in range(2_000):
        names = [f"P{n}" for n in range(random.randint(2, 12))]
        kits: dict[str, dict[str, int]] = {}
        for i, name in enumerate(names[1:], start=1):
            if random.random() < 0.6:
                below = random.sample(names[:i], random.randint(1, i))
                kits[name] = {part: random.randint(1, 3) for part in below}

        whole = explode(kits)
        for kit, given in kits.items():
            counted: dict[str, int] = {}
            walk = [(part, quantity) for part, quantity in given.items()]

            while walk:
                part, quantity = walk.pop()
                if part in kits:
                    walk += [(inner, quantity * each) for inner, each in kits[part].items()]
                else:
                    counted[part] = counted.get(part, 0) + quantity

            assert whole[kit] == counted
