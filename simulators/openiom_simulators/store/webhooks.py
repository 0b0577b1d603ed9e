"""Webhooks as BigCommerce sends them: one POST per event and hook, with retries and blocked hosts.

Every interval is multiplied by a time scale, so that two days of retries pass in minutes.
"""

import asyncio
import hashlib
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from openiom_simulators.faults import DUPLICATE_DELIVERIES, LATE_DELIVERIES, Fault, FaultSet
from openiom_simulators.store.state import StoreRefusal

RETRY_SECONDS = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400)
BLOCK_SECONDS, WINDOW_SECONDS = 180, 120
MIN_CALLS, MIN_SUCCESS_RATIO = 100, 0.9
IN_FLIGHT = 16
HOOKS_PER_SCOPE = 10
DELIVERY_TIMEOUT = 10


@dataclass(slots=True)
class Hook:
    """A subscription; `scope` may end in `*`."""

    id: int
    client_id: str
    store_hash: str
    scope: str
    destination: str
    headers: dict[str, str] = field(default_factory=dict)
    is_active: bool = True
    created_at: int = 0
    updated_at: int = 0

    def matches(self, scope: str) -> bool:
        """Return whether an event of `scope` is sent to this hook."""
        if not self.is_active:
            return False
        if self.scope.endswith("*"):
            return scope.startswith(self.scope[:-1])
        return scope == self.scope


@dataclass(slots=True)
class Delivery:
    """An event to be sent to one hook."""

    hook: Hook
    body: bytes
    attempts: int = 0


@dataclass(slots=True)
class Domain:
    """Recent deliveries to one host."""

    calls: deque[tuple[float, bool]] = field(default_factory=deque)
    blocked_until: float = 0.0

    def record(self, success: bool, *, now: float, scale: float) -> None:
        """Record a call; block the host when too many of the last window failed."""
        self.calls.append((now, success))
        self._forget_calls(before=now - WINDOW_SECONDS * scale)
        if self._is_failing():
            self.blocked_until = now + BLOCK_SECONDS * scale
            self.calls.clear()

    def _forget_calls(self, *, before: float) -> None:
        while self.calls and self.calls[0][0] < before:
            self.calls.popleft()

    def _is_failing(self) -> bool:
        total = len(self.calls)
        successes = sum(success for _, success in self.calls)
        return total > MIN_CALLS and successes < MIN_SUCCESS_RATIO * total


class Webhooks:
    """The hooks and deliveries of one store. Runs on the event loop of the server."""

    def __init__(self, *, store_hash: str, store_id: str, faults: FaultSet, scale: float) -> None:
        self.store_hash = store_hash
        self.store_id = store_id
        self.faults = faults
        self.scale = scale
        self.hooks: dict[int, Hook] = {}
        self.domains: dict[str, Domain] = {}
        self.waiting: asyncio.Queue[Delivery] = asyncio.Queue()
        self.tasks: set[asyncio.Task[None]] = set()
        self.events, self.delivered, self.failed = 0, 0, 0
        self.next_id = 18_048_287

    def subscribe(
        self, *, scope: str, destination: str, headers: dict[str, str], is_active: bool
    ) -> Hook:
        """Return a new hook. Raise `StoreRefusal` above ten for one scope."""
        existing = [hook for hook in self.hooks.values() if hook.scope == scope]
        if len(existing) >= HOOKS_PER_SCOPE:
            raise StoreRefusal(
                f"The limit of {HOOKS_PER_SCOPE} webhooks for {scope} is reached.", status=422
            )

        now = int(time.time())
        hook = Hook(
            id=self.next_id,
            client_id="simulator",
            store_hash=self.store_hash,
            scope=scope,
            destination=destination,
            headers=headers,
            is_active=is_active,
            created_at=now,
            updated_at=now,
        )
        self.hooks[hook.id] = hook
        self.next_id += 1
        return hook

    def publish(self, scope: str, data: dict[str, Any]) -> None:
        """Send an event to every matching hook; repeated deliveries have the same hash."""
        matching = [hook for hook in self.hooks.values() if hook.matches(scope)]
        if not matching:
            return

        self.events += 1
        event = {
            "scope": scope,
            "store_id": self.store_id,
            "data": data,
            "created_at": int(time.time()),
            "producer": f"stores/{self.store_hash}",
        }
        unique = orjson.dumps([event, self.events])
        event["hash"] = hashlib.sha1(unique, usedforsecurity=False).hexdigest()
        body = orjson.dumps(event)

        for hook in matching:
            self._send(Delivery(hook, body), path=f"/{scope}")

    def _send(self, delivery: Delivery, *, path: str) -> None:
        """Queue a delivery, late or several times when a fault occurs."""
        late = self.faults.strike(LATE_DELIVERIES, path=path)
        duplicate = self.faults.strike(DUPLICATE_DELIVERIES, path=path)

        for _ in range(duplicate.times if duplicate else 1):
            self._queue(Delivery(delivery.hook, delivery.body), late)

    def _queue(self, delivery: Delivery, late: Fault | None) -> None:
        """Queue a delivery: at once, after the seconds of a fault, or at random within them."""
        if late is None:
            self.waiting.put_nowait(delivery)
        elif late.kind == "late":
            self._later(delivery, late.seconds)
        else:
            self._later(delivery, self.faults.random.uniform(0, late.seconds))

    def _later(self, delivery: Delivery, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self.waiting.put_nowait, delivery)

    def start(self) -> None:
        """Start delivering; called on the running event loop."""
        client = httpx.AsyncClient(timeout=DELIVERY_TIMEOUT, trust_env=False)
        self.tasks = {asyncio.create_task(self._deliver(client)) for _ in range(IN_FLIGHT)}

    async def stop(self) -> None:
        """Stop delivering; deliveries under way are dropped."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _deliver(self, client: httpx.AsyncClient) -> None:
        while True:
            delivery = await self.waiting.get()
            hook = delivery.hook
            if hook.is_active and hook.id in self.hooks:
                await self._attempt(client, delivery)

    async def _attempt(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        """Send an event once; retry it later when its host is blocked or refuses it."""
        host = urlsplit(delivery.hook.destination).netloc
        domain = self.domains.setdefault(host, Domain())
        if domain.blocked_until > time.monotonic():
            self._retry(delivery)
            return

        success = await self._post(client, delivery)
        domain.record(success, now=time.monotonic(), scale=self.scale)
        self.delivered += success
        if not success:
            self._retry(delivery)

    async def _post(self, client: httpx.AsyncClient, delivery: Delivery) -> bool:
        headers = {"content-type": "application/json", **delivery.hook.headers}
        try:
            response = await client.post(
                delivery.hook.destination, content=delivery.body, headers=headers
            )
        except (httpx.HTTPError, httpx.InvalidURL):
            return False
        return response.is_success

    def _retry(self, delivery: Delivery) -> None:
        """Schedule the next attempt; after the last one the hook becomes inactive."""
        self.failed += 1
        if delivery.attempts == len(RETRY_SECONDS):
            delivery.hook.is_active = False
            return
        self._later(delivery, RETRY_SECONDS[delivery.attempts] * self.scale)
        delivery.attempts += 1

    def document(self, hook: Hook) -> dict[str, Any]:
        """Return a hook as `/v3/hooks` does."""
        return asdict(hook)
