"""Check that the migrations create the tables that the models declare: `python -m scripts.drift`.

Migrates an empty database to the newest revision and runs `alembic check`. Exits 0 when there is
no difference.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from openiom.platform.embedded import embedded_postgres


def drift(project: Path) -> tuple[int, str]:
    """Return the exit code of the first Alembic command that failed, else 0, and the output."""
    with (
        tempfile.TemporaryDirectory(prefix="openiom-drift-") as folder,
        embedded_postgres(Path(folder)) as url,
    ):
        environment = {**os.environ, "OPENIOM_DATABASE_URL": url}
        output = ""
        for command in (["upgrade", "head"], ["check"]):
            done = subprocess.run(
                [sys.executable, "-m", "alembic", *command],
                cwd=project,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            output += done.stdout + done.stderr
            if done.returncode:
                return done.returncode, output

    return 0, output


def main() -> int:
    code, output = drift(Path(__file__).resolve().parents[1])
    if code:
        advice = "Models and migrations differ: add a revision (CONTRIBUTING.md, 'A migration')"
        sys.stdout.write(f"{output}\n{advice}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
