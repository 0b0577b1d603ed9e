"""Live rates of carriers: several parcels at once, bounded per connection and in time."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from threading import Lock
from time import monotonic

import structlog

from openiom.kernel import IomError, ProviderDown
from openiom.platform.database import Database
from openiom.provider_contract import LiveRate, LiveRateService, RatedParcel

from .call_log import requests_for
from .instance_state import find_state
from .mapping_rules import unexpected_error
from .registry import ProviderInstance, ProviderRegistry

log = structlog.get_logger("rates")

RateResult = Sequence[LiveRate] | IomError
"""The carrier's rates of one parcel, or the reason why there are none."""

RateShipments = Callable[[Database, str, Sequence[RatedParcel]], list[RateResult]]
"""(database, provider instance, shipments) -> one result per shipment."""


class LiveRates:
    """Requests rates from carriers; one object per process.

    No transaction is open during a request: the connection is read before it, and the call log is
    written after it. A request that exceeds its time is abandoned; it may still end later.
    """

    def __init__(self, registry: ProviderRegistry) -> None:
        self._registry = registry
        self._lock = Lock()
        self._pools: dict[tuple[str, int], ThreadPoolExecutor] = {}

    def __call__(
        self, database: Database, instance: str, shipments: Sequence[RatedParcel]
    ) -> list[RateResult]:
        """Return one result per shipment, in order. Errors are results, never raised."""
        try:
            opened, service = self._open(database, instance)
        except IomError as error:
            return [error] * len(shipments)

        deadline = monotonic() + service.timeout_seconds
        pool = self._pool(opened, service)

        futures: list[Future[RateResult]] = []
        with requests_for("rate"):
            for shipment in shipments:
                run = copy_context().run
                futures.append(pool.submit(run, _request_rates, opened, service, shipment))

        wait(futures, timeout=max(0.0, deadline - monotonic()))
        results = [_result(future, opened.name, service) for future in futures]
        pool.submit(self._registry.calls.flush, database)
        return results

    def close(self) -> None:
        """Stop all threads; requests under way are abandoned."""
        with self._lock:
            for pool in self._pools.values():
                pool.shutdown(wait=False, cancel_futures=True)
            self._pools.clear()

    def _open(self, database: Database, instance: str) -> tuple[ProviderInstance, LiveRateService]:
        """Return the open instance and its service.

        Raise `NotFound`, `Invalid`, or `ProviderDown` for a red connection or a paused instance.
        """
        with database.reading() as session:
            opened = self._registry.open(session, instance)
            state = find_state(session, instance)

        service = opened.provider.live_rates
        if service is None:
            raise ProviderDown(f"{opened.provider.title} has no live rates", where=instance)
        if state is not None and state.paused:
            raise ProviderDown("the provider instance is paused", where=instance)
        if state is not None and state.state == "red":
            raise ProviderDown(f"the connection is red: {state.error}", where=instance)

        return opened, service

    def _pool(self, opened: ProviderInstance, service: LiveRateService) -> ThreadPoolExecutor:
        """Return the threads of one connection, so that a slow carrier delays no other one."""
        key = opened.name, service.concurrency
        with self._lock:
            if key not in self._pools:
                self._pools[key] = ThreadPoolExecutor(
                    service.concurrency, thread_name_prefix=f"rates-{opened.name}"
                )
            return self._pools[key]


def _request_rates(
    opened: ProviderInstance, service: LiveRateService, shipment: RatedParcel
) -> RateResult:
    try:
        return list(service.run(opened.connector, shipment))
    except IomError as error:
        return error
    except Exception as error:
        log.error("provider_failed", instance=opened.name, action="rate", exc_info=error)
        return unexpected_error(error, opened.name)


def _result(future: Future[RateResult], instance: str, service: LiveRateService) -> RateResult:
    if future.done():
        return future.result()
    future.cancel()
    return ProviderDown(f"no rate within {service.timeout_seconds:g} s", where=instance)
