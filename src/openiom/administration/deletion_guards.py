"""Roles that users, tokens or clients still have are not deleted."""

from openiom.platform.configuration import DeletionGuard, UseQuery

DELETION_GUARDS: tuple[tuple[str, DeletionGuard], ...] = (
    (
        "role",
        UseQuery(
            "role",
            "is assigned to users, clients or tokens",
            "assign them another role first",
            "SELECT DISTINCT assigned.role FROM ("
            "SELECT unnest(roles) AS role FROM administration.user"
            " UNION ALL SELECT unnest(roles) FROM administration.api_token"
            " UNION ALL SELECT unnest(roles) FROM administration.client) assigned"
            " WHERE assigned.role = ANY(%s)",
        ),
    ),
)
