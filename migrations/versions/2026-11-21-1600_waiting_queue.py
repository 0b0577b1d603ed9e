"""The queue of waiting lines is read by product, kind and promise without touching the table."""

from alembic import op

revision = "0011_waiting_queue"
down_revision = "0010_opportunity_costs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP INDEX orders.ix_waiting_line_product")
    op.execute("DROP INDEX orders.ix_waiting_line_expires")
    op.execute(
        "CREATE INDEX ix_waiting_line_queue ON orders.waiting_line (product, since, line_id)"
        " INCLUDE (quantity, kind, state)"
    )
    op.execute("CREATE INDEX ix_waiting_line_kind ON orders.waiting_line (kind, since, line_id)")
    op.execute(
        "CREATE INDEX ix_waiting_line_unpromised ON orders.waiting_line (since, line_id)"
        " WHERE state = 'waiting' AND available_on IS NULL"
    )
    op.execute(
        "CREATE INDEX ix_waiting_line_expires ON orders.waiting_line (expires_at, line_id)"
        " WHERE state = 'waiting' AND expires_at IS NOT NULL"
    )


def downgrade() -> None:
    for name in ("expires", "unpromised", "kind", "queue"):
        op.execute(f"DROP INDEX orders.ix_waiting_line_{name}")
    op.execute(
        "CREATE INDEX ix_waiting_line_product ON orders.waiting_line (product, since) WHERE state = 'waiting'"
    )
    op.execute(
        "CREATE INDEX ix_waiting_line_expires ON orders.waiting_line (expires_at)"
        " WHERE state = 'waiting' AND expires_at IS NOT NULL"
    )
