"""Opportunity costs learned for orders that come one at a time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010_opportunity_costs"
down_revision = "0009_currencies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opportunity_cost",
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("worths", postgresql.ARRAY(sa.Float()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("strategy", "product", "source", name=op.f("pk_opportunity_cost")),
        schema="fulfillment_optimization",
    )


def downgrade() -> None:
    op.drop_table("opportunity_cost", schema="fulfillment_optimization")
