"""Each simulator prints one line of JSON with its url when it answers, and ends on SIGTERM."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from openiom_simulators.carrier import CarrierOptions, carrier_application
from openiom_simulators.lab import LabOptions, lab_application
from openiom_simulators.persistence import keep
from openiom_simulators.server import serve_forever
from openiom_simulators.store import StoreOptions, store_application
from openiom_simulators.warehouse import Behavior, WarehouseOptions, warehouse_application

EXAMPLE = "example: python -m openiom_simulators store --port 8200 --store-hash demo --token secret"


def parser() -> argparse.ArgumentParser:
    """The arguments of both simulators; defaults are those of the option classes."""
    top = argparse.ArgumentParser(
        prog="python -m openiom_simulators", description=__doc__, epilog=EXAMPLE
    )
    kinds = top.add_subparsers(dest="kind", required=True)
    store = kinds.add_parser("store", help="a BigCommerce-compatible store", epilog=EXAMPLE)
    shop = StoreOptions()
    store.add_argument("--store-hash", default=shop.store_hash)
    store.add_argument("--token", default=shop.token)
    store.add_argument(
        "--read-only-token", default=None, help="a second token without write scopes"
    )
    store.add_argument("--name", default=shop.name)
    store.add_argument("--quota", type=int, default=shop.quota, help="requests in a window")
    store.add_argument("--window-ms", type=int, default=shop.window_ms)
    store.add_argument(
        "--webhook-time-scale",
        type=float,
        default=shop.webhook_time_scale,
        help="1 retries in real time",
    )
    house = WarehouseOptions()
    warehouse = kinds.add_parser(
        "warehouse", help="a 3PL", epilog=EXAMPLE.replace("store ", "warehouse ", 1)
    )
    warehouse.add_argument("--token", default=house.token)
    warehouse.add_argument("--name", default=house.name)
    warehouse.add_argument("--callback-url", default=house.callback_url)
    warehouse.add_argument("--callback-secret", default=house.callback_secret)
    warehouse.add_argument("--callback-batch", type=int, default=house.callback_batch)
    warehouse.add_argument("--manual", action="store_true", help="an operator accepts and ships")
    for name in (
        "accept-after",
        "pick-after",
        "ship-after",
        "decline-ratio",
        "partial-ratio",
        "short-ratio",
    ):
        warehouse.add_argument(f"--{name}", type=float, default=0.0)
    warehouse.add_argument(
        "--deliver-after", type=float, default=None, help="never delivers when left out"
    )
    lab = kinds.add_parser(
        "lab", help="mailbox and HTTP address of the quick-start lab", epilog=EXAMPLE
    )
    lab.add_argument("--smtp-port", type=int, default=0)
    lab.add_argument(
        "--smtp-fd", type=int, default=None, help="take mail on this inherited socket instead"
    )
    carrier = kinds.add_parser(
        "carrier",
        help="a carrier that rates parcels",
        epilog=EXAMPLE.replace("store ", "carrier ", 1),
    )
    carrier.add_argument("--token", default=CarrierOptions().token)
    carrier.add_argument("--name", default=CarrierOptions().name)
    for one in (store, warehouse, lab, carrier):
        one.add_argument("--port", type=int, default=0, help="0 takes a free port")
        one.add_argument(
            "--fd", type=int, default=None, help="listen on this inherited socket instead"
        )
        one.add_argument(
            "--ready-file", type=Path, default=None, help="also written there once it answers"
        )
        one.add_argument("--seed", type=int, default=1)
        one.add_argument(
            "--state-file",
            type=Path,
            default=None,
            help="keeps its books from one start to the next",
        )
    return top


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one simulator until it is told to end."""
    asked = parser().parse_args(arguments)
    if asked.kind == "store":
        app = store_application(
            StoreOptions(
                store_hash=asked.store_hash,
                token=asked.token,
                read_only_token=asked.read_only_token,
                name=asked.name,
                quota=asked.quota,
                window_ms=asked.window_ms,
                webhook_time_scale=asked.webhook_time_scale,
                seed=asked.seed,
            )
        )
    elif asked.kind == "carrier":
        app = carrier_application(
            CarrierOptions(token=asked.token, name=asked.name, seed=asked.seed)
        )
    elif asked.kind == "lab":
        app = lab_application(LabOptions(smtp_port=asked.smtp_port, smtp_fd=asked.smtp_fd))
    else:
        behavior = Behavior(
            automatic=not asked.manual,
            accept_after=asked.accept_after,
            pick_after=asked.pick_after,
            ship_after=asked.ship_after,
            deliver_after=asked.deliver_after,
            decline_ratio=asked.decline_ratio,
            partial_ratio=asked.partial_ratio,
            short_ratio=asked.short_ratio,
            seed=asked.seed,
        )
        app = warehouse_application(
            WarehouseOptions(
                token=asked.token,
                callback_url=asked.callback_url,
                callback_secret=asked.callback_secret,
                callback_batch=asked.callback_batch,
                name=asked.name,
                behavior=behavior,
                seed=asked.seed,
            )
        )
    if asked.state_file is not None and asked.kind not in ("lab", "carrier"):
        keep(app, asked.state_file)
    serve_forever(
        app,
        port=asked.port,
        fd=asked.fd,
        ready_file=asked.ready_file,
        append_events={"simulator": asked.kind},
    )
