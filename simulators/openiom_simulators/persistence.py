"""The state of a simulator between two starts: one file, written as the state changes.

Only the simulator itself reads the file.
"""

import asyncio
import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI

INTERVAL_SECONDS = 2.0
_SHOP_FIELDS = (
    "currency",
    "country",
    "country_iso2",
    "products",
    "customers",
    "orders",
    "order_ids",
    "by_modified",
    "counters",
    "storefront_order",
)
_LEDGER_FIELDS = ("authorizations", "operations", "responses")
_WAREHOUSE_FIELDS = ("orders", "by_reference", "keys", "events", "parcels", "calls")


def persist(app: FastAPI, file: Path) -> None:
    """Have an application start from `file`, if it exists, and write its state there."""
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[Any]:
        async with inner(running) as state:
            if file.exists():
                _restore(app, pickle.loads(file.read_bytes()))

            task = asyncio.create_task(_write_changes(app, file))
            try:
                yield state
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

                _write(file, _dump(app))

    app.router.lifespan_context = lifespan


async def _write_changes(app: FastAPI, file: Path) -> None:
    written = b""
    while True:
        await asyncio.sleep(INTERVAL_SECONDS)
        content = _dump(app)
        if content != written:
            _write(file, content)
            written = content


def _dump(app: FastAPI) -> bytes:
    if hasattr(app.state, "shop"):
        return pickle.dumps(_read_fields(app.state.shop, _SHOP_FIELDS))
    if hasattr(app.state, "ledger"):
        return pickle.dumps(_read_fields(app.state.ledger, _LEDGER_FIELDS))
    values = _read_fields(app.state.warehouse, _WAREHOUSE_FIELDS)
    callbacks = app.state.callbacks
    values["waiting"] = [*callbacks.in_flight, *callbacks.queue]
    return pickle.dumps(values)


def _restore(app: FastAPI, values: dict[str, Any]) -> None:
    if hasattr(app.state, "shop"):
        _write_fields(app.state.shop, _SHOP_FIELDS, values)
        return
    if hasattr(app.state, "ledger"):
        _write_fields(app.state.ledger, _LEDGER_FIELDS, values)
        return
    _write_fields(app.state.warehouse, _WAREHOUSE_FIELDS, values)
    app.state.callbacks.queue.extend(values["waiting"])
    app.state.callbacks.more.set()
    automation = app.state.automation
    automation.change({"automatic": automation.behavior.automatic})


def _read_fields(target: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(target, name) for name in names}


def _write_fields(target: object, names: tuple[str, ...], values: dict[str, Any]) -> None:
    for name in names:
        setattr(target, name, values[name])


def _write(file: Path, content: bytes) -> None:
    temporary = file.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_bytes(content)
    temporary.rename(file)
