"""The public Inventory Visibility REST contract, under `/api/environment/{environmentId}/...`."""

from fastapi import APIRouter

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

router = APIRouter()
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

__all__ = ["FeedWorker", "export_job_worker", "router"]
