"""Worker of the inventory feed: imports one file at a time from a folder."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import structlog
from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

from .feed_import import import_file

log = structlog.get_logger("feed")
DONE = "done"
ERROR = "error"
PROBLEM_SUFFIX = ".problem.json"
LOCK = 7_200_340_024
"""The advisory lock that makes workers of one environment import files one after another."""
MAX_FILE_SIZE = 256 * 1024 * 1024
MIN_AGE = timedelta(seconds=1)
"""A file is read when it has not been modified for this time."""
NO_WORK = BatchResult(0, False)


@dataclass
class FeedWorker:
    """Imports files from `folder`, or nothing when it is None.

    Imported files move to the subfolder `done`, refused ones to `error`. A file that cannot be read
    remains where it is and is retried.
    """

    folder: Path | None
    kind: str = field(default="inventory_feed", init=False)

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Import the next complete file, under a lock that one worker at a time has."""
        if self.folder is None or _next_file(self.folder, now) is None:
            return NO_WORK

        with database.unit_of_work() as guard:
            file = _lock_next_file(guard, self.folder, now)
            if file is None:
                return NO_WORK

            content = file.read_bytes()
            with database.unit_of_work() as session:
                outcome = import_file(session, name=file.name, content=content, now=now)

            # After the commit: when a worker dies in between, the next one finds the file and
            # recognizes it.
            _move(file, outcome.problems)

        log.info("feed_file", name=file.name, problems=len(outcome.problems), known=outcome.known)
        return BatchResult(1, True)


def _lock_next_file(session: Session, folder: Path, now: datetime) -> Path | None:
    """Return the next complete file; None also while another worker imports one."""
    ((locked,),) = fetch(session, "SELECT pg_try_advisory_xact_lock(%s)", (LOCK,))
    return _next_file(folder, now) if locked else None


def _next_file(folder: Path, now: datetime) -> Path | None:
    """Return the first file by name that is complete."""
    newest = (now - MIN_AGE).timestamp()
    for file in sorted(folder.glob("*.json")):
        if _is_complete(file, newest):
            return file
    return None


def _is_complete(file: Path, newest: float) -> bool:
    """Return whether a file was last written at `newest` at the latest and is not too large."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return False
    is_old_enough = status.st_mtime <= newest
    return is_old_enough and status.st_size <= MAX_FILE_SIZE and file.is_file()


def _move(file: Path, problems: Sequence[Problem]) -> None:
    """Move a file to `done` or `error`, replacing one of the same name; add its problems there."""
    target = file.parent / (ERROR if problems else DONE)
    target.mkdir(exist_ok=True)
    report = file.parent / ERROR / (file.name + PROBLEM_SUFFIX)
    if problems:
        body = _problem_report(file.name, problems)
        report.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2))
    else:
        report.unlink(missing_ok=True)

    file.replace(target / file.name)


def _problem_report(name: str, problems: Sequence[Problem]) -> dict[str, Any]:
    rows: list[dict[str, str]] = []
    for problem in problems:
        rows.append({"where": problem.where, "what": problem.what, "remedy": problem.remedy})
    return {
        "file": name,
        "detail": f"{name} was refused as a whole; nothing was posted",
        "problems": rows,
    }
