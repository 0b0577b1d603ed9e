"""A process knows which schemas it works with: its own, and newer compatible ones."""

import pytest

from openiom.platform.bulk import execute
from openiom.platform.database import Database
from openiom.platform.schema_versions import (
    AppliedMigration,
    SchemaState,
    applied_migrations,
    schema_state,
)

FIRST = AppliedMigration("first", "first")
EXPANDED = AppliedMigration("expanded", "first")
CONTRACTED = AppliedMigration("contracted", "expanded")


@pytest.mark.parametrize(
    ("applied", "head", "state"),
    [
        ([], "first", SchemaState.OLDER),
        ([FIRST], "first", SchemaState.CURRENT),
        ([FIRST], "expanded", SchemaState.OLDER),
        ([FIRST, EXPANDED], "first", SchemaState.NEWER),
        ([FIRST, EXPANDED, CONTRACTED], "first", SchemaState.INCOMPATIBLE),
        ([FIRST, EXPANDED, CONTRACTED], "expanded", SchemaState.NEWER),
        ([FIRST, EXPANDED, CONTRACTED], "contracted", SchemaState.CURRENT),
    ],
)
def test_a_schema_is_compared_with_the_newest_migration_of_the_program(
    applied: list[AppliedMigration], head: str, state: SchemaState
) -> None:
    assert schema_state(applied, head=head) == state


def test_an_incompatible_migration_in_the_middle_is_not_healed_by_a_later_one() -> None:
    applied = [FIRST, AppliedMigration("breaking", "breaking"), AppliedMigration("later", "first")]

    assert schema_state(applied, head="first") == SchemaState.INCOMPATIBLE
    assert schema_state(applied, head="breaking") == SchemaState.NEWER


def test_a_program_serves_its_own_schema_and_newer_compatible_ones() -> None:
    usable = {state for state in SchemaState if state.is_usable}

    assert usable == {SchemaState.CURRENT, SchemaState.NEWER}


def test_migrations_are_read_in_the_order_in_which_they_were_applied(database: Database) -> None:
    with database.unit_of_work() as session:
        assert applied_migrations(session) == []
        for migration in (FIRST, EXPANDED):
            execute(
                session,
                "INSERT INTO platform.schema_version (revision, compatible_with) VALUES (%s, %s)",
                (migration.revision, migration.compatible_with),
            )

        assert applied_migrations(session) == [FIRST, EXPANDED]
