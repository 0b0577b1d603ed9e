"""What a simulator remembers from one start to the next: its books in one file, written as they change.

The file is this program's own and is read back only by it.
"""

import asyncio
import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI

EVERY_SECONDS = 2.0
_SHOP = (
    "currency",
    "country",
    "country_iso2",
    "products",
    "customers",
    "orders",
    "order_ids",
    "by_modified",
    "counters",
)
_WAREHOUSE = ("orders", "by_reference", "keys", "events", "parcels", "calls")


def keep(app: FastAPI, file: Path) -> None:
    """Have `app` start from `file`, when there is one, and write its books there while it runs and when it ends."""
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def life(running: FastAPI) -> AsyncIterator[Any]:
        async with inner(running) as state:
            if file.exists():
                _restore(app, pickle.loads(file.read_bytes()))
            task = asyncio.create_task(_keep_writing(app, file))
            try:
                yield state
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
                _write(file, _books(app))

    app.router.lifespan_context = life


async def _keep_writing(app: FastAPI, file: Path) -> None:
    written = b""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        books = _books(app)
        if books != written:
            _write(file, books)
            written = books


def _books(app: FastAPI) -> bytes:
    if hasattr(app.state, "shop"):
        kept = {name: getattr(app.state.shop, name) for name in _SHOP}
    else:
        kept = {name: getattr(app.state.warehouse, name) for name in _WAREHOUSE}
        kept["waiting"] = [*app.state.callbacks.in_hand, *app.state.callbacks.queue]
    return pickle.dumps(kept)


def _restore(app: FastAPI, kept: dict[str, Any]) -> None:
    if hasattr(app.state, "shop"):
        for name in _SHOP:
            setattr(app.state.shop, name, kept[name])
        return
    for name in _WAREHOUSE:
        setattr(app.state.warehouse, name, kept[name])
    app.state.callbacks.queue.extend(kept["waiting"])
    app.state.callbacks.more.set()
    app.state.automation.change({"automatic": app.state.automation.behavior.automatic})


def _write(file: Path, books: bytes) -> None:
    arriving = file.with_suffix(".new")
    arriving.touch(mode=0o600)
    arriving.write_bytes(books)
    arriving.rename(file)
