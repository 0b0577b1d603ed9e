"""Live rates from carriers: several parcels at once, bounded for each connection, never longer than its time-out."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from threading import Lock
from time import monotonic

import structlog

from openiom.kernel import IomError, ProviderDown, ProviderError
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.provider_contract import LiveRate, LiveRateService, Shipment

from .registry import ProviderInstance, ProviderRegistry, acting

log = structlog.get_logger("rates")
RateResult = Sequence[LiveRate] | IomError
"""The carrier's rates of one parcel, or why there are none."""


class LiveRates:
    """
    One per process. Calls hold no transaction: the connection is looked up first, and its log is written after the
    answer. What a carrier has not answered in time is given up; its call may still end, and nobody waits for it.
    """

    def __init__(self, registry: ProviderRegistry) -> None:
        self._pipeline = registry
        self._lock = Lock()
        self._pools: dict[tuple[str, int], ThreadPoolExecutor] = {}

    def __call__(
        self, database: Database, instance: str, shipments: Sequence[Shipment]
    ) -> list[RateResult]:
        """One answer a shipment, in order. Never raises for what a connection or a carrier does."""
        try:
            opened, rating = self._opened(database, instance)
        except IomError as error:
            return [error] * len(shipments)
        until = monotonic() + rating.timeout_seconds
        pool = self._pool(opened, rating)
        doing = acting.set("rate")
        try:
            calls = [
                pool.submit(copy_context().run, _rated, opened, rating, one) for one in shipments
            ]
        finally:
            acting.reset(doing)
        wait(calls, timeout=max(0.0, until - monotonic()))
        answers = [_answer(call, opened.name, rating) for call in calls]
        pool.submit(self._pipeline.calls.flush, database)
        return answers

    def close(self) -> None:
        with self._lock:
            for pool in self._pools.values():
                pool.shutdown(wait=False, cancel_futures=True)
            self._pools.clear()

    def _opened(
        self, database: Database, instance: str
    ) -> tuple[ProviderInstance, LiveRateService]:
        """Raises NotFound, Invalid, or ProviderDown for a connection that is known to be broken."""
        with database.reading() as session:
            opened = self._pipeline.open(session, instance)
            query = "SELECT state, error FROM providers.provider_instance WHERE name = %s"
            [(state, error)] = fetch(session, query, (instance,)) or [("", "")]
        if opened.provider.live_rates is None:
            raise ProviderDown(f"{opened.provider.title} has no live rates", where=instance)
        if state == "red":
            raise ProviderDown(f"the connection is red: {error}", where=instance)
        return opened, opened.provider.live_rates

    def _pool(self, opened: ProviderInstance, rating: LiveRateService) -> ThreadPoolExecutor:
        """Threads of one connection, so that a slow carrier holds up no other."""
        key = opened.name, rating.concurrency
        with self._lock:
            if key not in self._pools:
                self._pools[key] = ThreadPoolExecutor(
                    rating.concurrency, thread_name_prefix=f"rates-{opened.name}"
                )
            return self._pools[key]


def _rated(opened: ProviderInstance, rating: LiveRateService, shipment: Shipment) -> RateResult:
    try:
        return list(rating.run(opened.connector, shipment))
    except IomError as error:
        return error
    except Exception as error:
        log.error("provider_broke", instance=opened.name, action="rate", exc_info=error)
        return ProviderError(
            f"the provider's code broke: {type(error).__name__}: {error}"[:500], where=opened.name
        )


def _answer(call: "Future[Rated]", instance: str, rating: LiveRateService) -> RateResult:
    if call.done():
        return call.result()
    call.cancel()
    return ProviderDown(f"no rate within {rating.timeout_seconds:g} s", where=instance)


RateShipments = Callable[[Database, str, Sequence[Shipment]], list[RateResult]]
"""(database, provider instance, shipments) -> one answer each."""
