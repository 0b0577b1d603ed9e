"""`python -m scripts.drift`: do the migrations make the very tables the models declare?

Migrates an empty database of its own to the newest revision and asks Alembic
what it would still change. Exit 0 when nothing.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from openiom.platform.embedded import embedded_postgres


def drift(project: Path) -> tuple[int, str]:
    """Exit code of the first Alembic command that failed (0: none did) and what they printed."""
    with (
        tempfile.TemporaryDirectory(prefix="openiom-drift-") as scratch,
        embedded_postgres(Path(scratch)) as url,
    ):
        environment = {**os.environ, "OPENIOM_DATABASE_URL": url}
        printed = ""
        for command in (["upgrade", "head"], ["check"]):
            done = subprocess.run(
                [sys.executable, "-m", "alembic", *command],
                cwd=project,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            printed += done.stdout + done.stderr
            if done.returncode:
                return done.returncode, printed
    return 0, printed


def main() -> int:
    code, printed = drift(Path(__file__).resolve().parents[1])
    if code:
        sys.stdout.write(
            f"{printed}\nModels and migrations disagree: add a revision (CONTRIBUTING.md, 'A migration')\n"
        )
    return code


if __name__ == "__main__":
    sys.exit(main())
