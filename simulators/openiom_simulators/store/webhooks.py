"""Webhooks as BigCommerce sends them: one POST an event and hook, retried ever later, blocked when failing.

Every interval is multiplied by the hooks' time scale, so that two days of retries can pass in minutes.
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

from openiom_simulators.faults import ON_DELIVERY, FaultBox
from openiom_simulators.store.state import Refusal

RETRY_SECONDS = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400)
BLOCK_SECONDS, WINDOW_SECONDS = 180, 120
JUDGED_AFTER, NEEDED_SUCCESS = 100, 0.9
IN_FLIGHT = 16
HOOKS_PER_SCOPE = 10
DELIVERY_TIMEOUT = 10


@dataclass(slots=True)
class Hook:
    """One subscription; `scope` may end in `*`."""

    id: int
    client_id: str
    store_hash: str
    scope: str
    destination: str
    headers: dict[str, str] = field(default_factory=dict)
    is_active: bool = True
    created_at: int = 0
    updated_at: int = 0

    def hears(self, scope: str) -> bool:
        """Whether an event of `scope` goes to this hook."""
        heard = (
            scope.startswith(self.scope[:-1]) if self.scope.endswith("*") else scope == self.scope
        )
        return self.is_active and heard


@dataclass(slots=True)
class Delivery:
    """One event on its way to one hook."""

    hook: Hook
    body: bytes
    attempts: int = 0


@dataclass(slots=True)
class Domain:
    """How deliveries to one host went lately."""

    calls: deque[tuple[float, bool]] = field(default_factory=deque)
    blocked_until: float = 0.0

    def note(self, went_well: bool, *, at: float, scale: float) -> None:
        """Count a call; block the host when too many of the last window failed."""
        self.calls.append((at, went_well))
        while self.calls and self.calls[0][0] < at - WINDOW_SECONDS * scale:
            self.calls.popleft()
        good = sum(ok for _, ok in self.calls)
        if len(self.calls) > JUDGED_AFTER and good < NEEDED_SUCCESS * len(self.calls):
            self.blocked_until = at + BLOCK_SECONDS * scale
            self.calls.clear()


class Webhooks:
    """The hooks of one store and the deliveries under way. Runs on the server's event loop."""

    def __init__(self, *, store_hash: str, store_id: str, faults: FaultBox, scale: float) -> None:
        self.store_hash, self.store_id, self.faults, self.scale = (
            store_hash,
            store_id,
            faults,
            scale,
        )
        self.hooks: dict[int, Hook] = {}
        self.domains: dict[str, Domain] = {}
        self.waiting: asyncio.Queue[Delivery] = asyncio.Queue()
        self.tasks: set[asyncio.Task[None]] = set()
        self.told, self.delivered, self.failed, self.next_id = 0, 0, 0, 18_048_287

    def subscribe(
        self, *, scope: str, destination: str, headers: dict[str, str], is_active: bool
    ) -> Hook:
        """A new hook; refused above ten for one scope."""
        if sum(hook.scope == scope for hook in self.hooks.values()) >= HOOKS_PER_SCOPE:
            raise Refusal(
                f"The limit of {HOOKS_PER_SCOPE} webhooks for {scope} is reached.", status=422
            )
        now = int(time.time())
        hook = Hook(
            self.next_id,
            "simulator",
            self.store_hash,
            scope,
            destination,
            headers,
            is_active,
            now,
            now,
        )
        self.hooks[hook.id] = hook
        self.next_id += 1
        return hook

    def append_events(self, scope: str, data: dict[str, Any]) -> None:
        """Send this event to every hook that hears it; a duplicate carries the same hash."""
        hearing = [hook for hook in self.hooks.values() if hook.hears(scope)]
        if not hearing:
            return
        self.told += 1
        event = {
            "scope": scope,
            "store_id": self.store_id,
            "data": data,
            "created_at": int(time.time()),
            "producer": f"stores/{self.store_hash}",
        }
        event["hash"] = hashlib.sha1(
            orjson.dumps([event, self.told]), usedforsecurity=False
        ).hexdigest()
        body = orjson.dumps(event)
        for hook in hearing:
            self._send(Delivery(hook, body), path=f"/{scope}")

    def _send(self, delivery: Delivery, *, path: str) -> None:
        """Queue the delivery the way the faults of the moment have it."""
        late = self.faults.strike(ON_DELIVERY[1:], path=path)
        duplicate = self.faults.strike(ON_DELIVERY[:1], path=path)
        for _ in range(duplicate.times if duplicate else 1):
            copy = Delivery(delivery.hook, delivery.body)
            if late is None:
                self.waiting.put_nowait(copy)
            else:
                wait = (
                    late.seconds
                    if late.kind == "late"
                    else self.faults.dice.uniform(0, late.seconds)
                )
                self._later(copy, wait)

    def _later(self, delivery: Delivery, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self.waiting.put_nowait, delivery)

    def start(self) -> None:
        """Begin delivering; called once the loop runs."""
        client = httpx.AsyncClient(timeout=DELIVERY_TIMEOUT, trust_env=False)
        self.tasks = {asyncio.create_task(self._deliver(client)) for _ in range(IN_FLIGHT)}

    async def stop(self) -> None:
        """Drop what is under way."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _deliver(self, client: httpx.AsyncClient) -> None:
        while True:
            delivery = await self.waiting.get()
            if not delivery.hook.is_active or delivery.hook.id not in self.hooks:
                continue
            domain = self.domains.setdefault(urlsplit(delivery.hook.destination).netloc, Domain())
            if domain.blocked_until > time.monotonic():
                self._retry(delivery)
                continue
            went_well = await self._post(client, delivery)
            domain.note(went_well, at=time.monotonic(), scale=self.scale)
            self.delivered += went_well
            if not went_well:
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
        """Queue the next attempt; after the last one the hook is switched off."""
        self.failed += 1
        if delivery.attempts == len(RETRY_SECONDS):
            delivery.hook.is_active = False
            return
        self._later(delivery, RETRY_SECONDS[delivery.attempts] * self.scale)
        delivery.attempts += 1

    def document(self, hook: Hook) -> dict[str, Any]:
        """A hook as `/v3/hooks` shows it."""
        return asdict(hook)
