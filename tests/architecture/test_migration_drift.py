from pathlib import Path

import pytest
from scripts.drift import drift

ENVIRONMENT = """
import os
import sqlalchemy as sa
from alembic import context

metadata = sa.MetaData()
sa.Table("planted", metadata, sa.Column("id", sa.BigInteger, primary_key=True){declared})
url = os.environ["OPENIOM_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
with sa.create_engine(url).connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
"""
REVISION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "first", None


def upgrade():
    op.create_table("planted", sa.Column("id", sa.BigInteger, primary_key=True))
"""


@pytest.mark.parametrize(
    ("declared", "code", "expected"),
    [
        ("", 0, "No new upgrade operations detected"),
        (", sa.Column('forgotten', sa.Text)", 255, "forgotten"),
    ],
    ids=["models match migrations", "column without a revision"],
)
def test_a_model_without_a_migration_is_reported(
    tmp_path: Path, declared: str, code: int, expected: str
) -> None:
    (tmp_path / "migrations" / "versions").mkdir(parents=True)
    (tmp_path / "alembic.ini").write_text(
        "[alembic]\nscript_location = migrations\npath_separator = os\n"
    )
    (tmp_path / "migrations" / "env.py").write_text(ENVIRONMENT.format(declared=declared))
    (tmp_path / "migrations" / "versions" / "first.py").write_text(REVISION)

    exit_code, output = drift(tmp_path)

    assert expected in output
    assert exit_code == code
