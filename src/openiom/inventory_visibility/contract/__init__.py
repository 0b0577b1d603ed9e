"""The public Inventory Visibility REST contract, under `/api/environment/{environmentId}/...`."""

from fastapi import APIRouter

from . import allocating, configuration_routes, feed_routes, job_routes, query_routes, scheduling, stock_routes
from .feed_turn import FeedTurn
from .jobs import jobs_wave

router = APIRouter()
PARTS = (stock_routes, query_routes, job_routes, configuration_routes, feed_routes, scheduling, allocating)
for part in PARTS:
    router.include_router(part.router)

__all__ = ["FeedTurn", "jobs_wave", "router"]
