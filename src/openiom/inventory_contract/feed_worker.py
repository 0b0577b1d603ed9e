"""Worker of the inventory feed: imports one file at a time from a folder."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import structlog

from openiom.kernel import Problem
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

from .feed_import import import_file

log = structlog.get_logger("feed")
DONE = "done"
ERROR = "error"
PROBLEM_SUFFIX = ".problem.json"
LOCK = 7_200_340_021
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
            ((locked,),) = fetch(guard, "SELECT pg_try_advisory_xact_lock(%s)", (LOCK,))
            file = _next_file(self.folder, now) if locked else None
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


def _next_file(folder: Path, now: datetime) -> Path | None:
    """Return the first file by name that is complete."""
    newest = (now - MIN_AGE).timestamp()
    for file in sorted(folder.glob("*.json")):
        try:
            status = file.stat()
        except FileNotFoundError:
            continue
        if file.is_file() and status.st_mtime <= newest and status.st_size <= MAX_FILE_SIZE:
            return file
    return None


def _move(file: Path, problems: Sequence[Problem]) -> None:
    """Move a file to `done` or `error`, replacing one of the same name; add its problems there."""
    target = file.parent / (ERROR if problems else DONE)
    target.mkdir(exist_ok=True)
    report = file.parent / ERROR / (file.name + PROBLEM_SUFFIX)
    if problems:
        body = {
            "file": file.name,
            "detail": f"{file.name} was refused as a whole; nothing was posted",
            "problems": [
                {"where": problem.where, "what": problem.what, "remedy": problem.remedy}
                for problem in problems
            ],
        }
        report.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2))
    else:
        report.unlink(missing_ok=True)
    file.replace(target / file.name)
