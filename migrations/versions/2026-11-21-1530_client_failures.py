"""Wrong client secrets are counted, so that guessing is slowed down in every web process at once."""

import sqlalchemy as sa
from alembic import op

revision = "0008_client_failures"
down_revision = "0007_supply"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "client_failure",
        sa.Column("client_hash", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("client_hash", "address", name=op.f("pk_client_failure")),
        schema="administration",
    )
    op.create_index(
        "ix_client_failure_failed_at",
        "client_failure",
        ["failed_at"],
        unique=False,
        schema="administration",
    )


def downgrade() -> None:
    op.drop_index(
        "ix_client_failure_failed_at", table_name="client_failure", schema="administration"
    )
    op.drop_table("client_failure", schema="administration")
