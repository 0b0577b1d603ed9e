"""Callbacks: the event log pushed in signed batches, in order, each until it is acknowledged."""

import asyncio
import hashlib
import hmac
from collections import deque
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from openiom_simulators.faults import FaultBox

SIGNATURE_HEADER = "X-Signature"
FIRST_RETRY, LONGEST_RETRY = 0.2, 5.0
GATHER_SECONDS = 0.02
CALL_TIMEOUT = 30
MAX_BATCH = 500


def sign(body: bytes, *, secret: str) -> str:
    """The value of `X-Signature`: `sha256=` and the HMAC of the body in hexadecimal."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(slots=True)
class Destination:
    """Where callbacks go; nothing is sent while `url` is empty, and what gathered meanwhile goes first."""

    url: str = ""
    secret: str = ""
    batch_size: int = MAX_BATCH


class Callbacks:
    """Sends events to one destination. Runs on the server's event loop."""

    def __init__(self, destination: Destination, faults: FaultBox) -> None:
        self.destination, self.faults = destination, faults
        self.queue: deque[dict[str, Any]] = deque()
        self.in_hand: list[dict[str, Any]] = []
        self.more = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.batches, self.sent, self.failures = 0, 0, 0

    def hear(self, event: dict[str, Any]) -> None:
        """Queue an event as the faults of the moment have it."""
        late = (
            self.faults.strike(("late",), path=f"/{event['type']}") if self.faults.faults else None
        )
        if late is not None:
            asyncio.get_running_loop().call_later(late.seconds, self._queue, event)
        else:
            self._queue(event)

    def _queue(self, event: dict[str, Any]) -> None:
        self.queue.append(event)
        self.more.set()

    def start(self) -> None:
        self.task = asyncio.create_task(self._run())

    def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()

    async def _run(self) -> None:
        async with httpx.AsyncClient(timeout=CALL_TIMEOUT, trust_env=False) as client:
            while True:
                await self.more.wait()
                if not self.destination.url or not self.queue:
                    self.more.clear()
                    continue
                if len(self.queue) < self.destination.batch_size:
                    await asyncio.sleep(GATHER_SECONDS)
                await self._push(client)

    async def _push(self, client: httpx.AsyncClient) -> None:
        """One batch, repeated until it is acknowledged; other batches wait, so order holds."""
        size = max(1, min(self.destination.batch_size, MAX_BATCH, len(self.queue)))
        batch = self.in_hand = self._disturbed([self.queue.popleft() for _ in range(size)])
        wait = FIRST_RETRY
        while not await self._post(client, batch):
            self.failures += 1
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_RETRY)
        duplicate = self.faults.strike(("duplicate",), path="/") if self.faults.faults else None
        for _ in range((duplicate.times if duplicate else 1) - 1):
            await self._post(client, batch)
        self.sent += len(batch)
        self.in_hand = []

    def _disturbed(self, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The batch shuffled, with its first event put off behind later ones, when that fault strikes."""
        disorder = self.faults.strike(("out_of_order",), path="/") if self.faults.faults else None
        if disorder is None:
            return batch
        self.faults.dice.shuffle(batch)
        if len(batch) > 1:
            held = batch.pop()
            asyncio.get_running_loop().call_later(disorder.seconds, self._queue, held)
        return batch

    async def _post(self, client: httpx.AsyncClient, batch: list[dict[str, Any]]) -> bool:
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
