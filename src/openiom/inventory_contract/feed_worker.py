"""A worker's look into the feed folder: one file a turn; taken ones move to `done`, refused ones to `error`."""

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

from .feed_import import take_file

log = structlog.get_logger("feed")
DONE, ERROR, PROBLEM_TYPE = "done", "error", ".problem.json"
LOCK = 7_200_340_021
"""One number for every worker that reads this environment's folder: files are taken one after another."""
LARGEST_FILE = 256 * 1024 * 1024
QUIET = timedelta(seconds=1)
"""A file is read once nobody has written to it for so long."""


@dataclass
class FeedWorker:
    """Reads `folder`; None reads nothing. A file that cannot be read stays where it is and is tried again later."""

    folder: Path | None
    kind: str = field(default="inventory_feed", init=False)

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Take the next file that waits, under a lock only one worker holds."""
        if self.folder is None or _next(self.folder, now) is None:
            return BatchResult(0, False)
        with database.unit_of_work() as guard:
            if not fetch(guard, "SELECT pg_try_advisory_xact_lock(%s)", (LOCK,))[0][0]:
                return BatchResult(0, False)
            file = _next(self.folder, now)
            if file is None:
                return BatchResult(0, False)
            content = file.read_bytes()
            with database.unit_of_work() as session:
                outcome = take_file(session, name=file.name, content=content, now=now)
            # After its commit: a worker that dies in between finds the file again, and knows it.
            _put_away(file, outcome.problems)
        log.info("feed_file", name=file.name, problems=len(outcome.problems), known=outcome.known)
        return BatchResult(1, True)


def _next(folder: Path, now: datetime) -> Path | None:
    """The first file by name that is complete."""
    quiet = (now - QUIET).timestamp()
    for file in sorted(folder.glob("*.json")):
        try:
            known = file.stat()
        except FileNotFoundError:
            continue
        if file.is_file() and known.st_mtime <= quiet and known.st_size <= LARGEST_FILE:
            return file
    return None


def _put_away(file: Path, problems: Sequence[Problem]) -> None:
    """Move a file to where it belongs, with its problems beside it; one of the same name there is replaced."""
    target = file.parent / (ERROR if problems else DONE)
    target.mkdir(exist_ok=True)
    if problems:
        said = [{"where": p.where, "what": p.what, "remedy": p.remedy} for p in problems]
        body = {
            "file": file.name,
            "detail": f"{file.name} was refused whole; nothing was posted",
            "problems": said,
        }
        (target / (file.name + PROBLEM_TYPE)).write_bytes(
            orjson.dumps(body, option=orjson.OPT_INDENT_2)
        )
    else:
        (file.parent / ERROR / (file.name + PROBLEM_TYPE)).unlink(missing_ok=True)
    file.replace(target / file.name)
