"""Callbacks: events sent in signed batches, in order, each until it is acknowledged."""

import asyncio
import hashlib
import hmac
from collections import deque
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from openiom_simulators.faults import Fault, FaultSet

SIGNATURE_HEADER = "X-Signature"
FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS = 0.2, 5.0
LINGER_SECONDS = 0.02
TIMEOUT_SECONDS = 30
MAX_BATCH = 500


def sign(body: bytes, *, secret: str) -> str:
    """Return the value of `X-Signature`: `sha256=` and the HMAC of the body in hexadecimal."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(slots=True)
class Destination:
    """The address of callbacks. Events wait while `url` is empty."""

    url: str = ""
    secret: str = ""
    batch_size: int = MAX_BATCH


class Callbacks:
    """Sends events to one destination. Runs on the event loop of the server."""

    def __init__(self, destination: Destination, faults: FaultSet) -> None:
        self.destination, self.faults = destination, faults
        self.queue: deque[dict[str, Any]] = deque()
        self.in_flight: list[dict[str, Any]] = []
        self.more = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.batches, self.sent, self.failures = 0, 0, 0

    def enqueue(self, event: dict[str, Any]) -> None:
        """Queue an event, later when a fault delays it."""
        delay = self._fault("late", path=f"/{event['type']}")
        if delay is None:
            self._append(event)
        else:
            asyncio.get_running_loop().call_later(delay.seconds, self._append, event)

    def _fault(self, kind: str, *, path: str = "/") -> Fault | None:
        if not self.faults.faults:
            return None
        return self.faults.strike((kind,), path=path)

    def _append(self, event: dict[str, Any]) -> None:
        self.queue.append(event)
        self.more.set()

    def start(self) -> None:
        """Start sending."""
        self.task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """Stop sending."""
        if self.task is not None:
            self.task.cancel()

    async def _run(self) -> None:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            while True:
                await self._wait_for_events()
                await self._send_batch(client)

    async def _wait_for_events(self) -> None:
        """Wait for a destination and events, and a moment longer for those of a full batch."""
        await self.more.wait()
        while not self.destination.url or not self.queue:
            self.more.clear()
            await self.more.wait()
        if len(self.queue) < self.destination.batch_size:
            await asyncio.sleep(LINGER_SECONDS)

    async def _send_batch(self, client: httpx.AsyncClient) -> None:
        """Send one batch until it is acknowledged; later ones wait, so that order is kept."""
        size = max(1, min(self.destination.batch_size, MAX_BATCH, len(self.queue)))
        batch = self._disturb([self.queue.popleft() for _ in range(size)])
        self.in_flight = batch
        pause = FIRST_RETRY_SECONDS

        while not await self._post(client, batch):
            self.failures += 1
            await asyncio.sleep(pause)
            pause = min(pause * 2, MAX_RETRY_SECONDS)

        duplicate = self._fault("duplicate")
        if duplicate is not None:
            for _ in range(duplicate.times - 1):
                await self._post(client, batch)

        self.sent += len(batch)
        self.in_flight = []

    def _disturb(self, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the batch; a fault shuffles it and delays its last event."""
        disorder = self._fault("out_of_order")
        if disorder is None:
            return batch

        self.faults.random.shuffle(batch)
        if len(batch) > 1:
            delayed = batch.pop()
            asyncio.get_running_loop().call_later(disorder.seconds, self._append, delayed)

        return batch

    async def _post(self, client: httpx.AsyncClient, batch: list[dict[str, Any]]) -> bool:
        """Return whether the destination acknowledged the batch."""
        body = orjson.dumps({"events": batch})
        headers = {
            "content-type": "application/json",
            SIGNATURE_HEADER: sign(body, secret=self.destination.secret),
        }
        self.batches += 1

        try:
            response = await client.post(self.destination.url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL):
            return False

        return response.is_success
