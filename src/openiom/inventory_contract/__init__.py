"""
The public Inventory Visibility REST contract, under `/api/environment/{environmentId}/...`.

Owns        the routes of the contract, watermarks of set quantities, adjustments, jobs and their
            files, and the import of feed files.
Guarantees  a record is applied once by its id; a set older than the current value changes
            nothing; a feed file is posted as a whole or not at all.
Publishes   no events.
"""

from pathlib import Path

from openiom.platform.batches import Worker
from openiom.platform.http import Router

from . import (
    allocation_routes,
    configuration_routes,
    feed_routes,
    job_routes,
    query_routes,
    schedule_routes,
    stock_routes,
)
from .export_jobs import export_job_worker
from .feed_worker import FeedWorker

router = Router()
PARTS = (
    stock_routes,
    query_routes,
    job_routes,
    configuration_routes,
    feed_routes,
    schedule_routes,
    allocation_routes,
)
for part in PARTS:
    router.include_router(part.router)


def workers(feed_folder: Path | None) -> tuple[Worker, ...]:
    """Return the background workers of this package; feed files are read from `feed_folder`."""
    return export_job_worker(), FeedWorker(feed_folder)


__all__ = ["FeedWorker", "export_job_worker", "router", "workers"]
