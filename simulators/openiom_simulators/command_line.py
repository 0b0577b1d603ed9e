"""Command line of the simulators.

Each simulator prints one line of JSON with its URL when it is ready, and ends on SIGTERM.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from fastapi import FastAPI

from openiom_simulators.carrier import CarrierOptions, carrier_application
from openiom_simulators.lab import LabOptions, lab_application
from openiom_simulators.payments import PaymentsOptions, payments_application
from openiom_simulators.persistence import persist
from openiom_simulators.server import serve_forever
from openiom_simulators.store import StoreOptions, store_application
from openiom_simulators.warehouse import Behavior, WarehouseOptions, warehouse_application

EXAMPLE = "example: python -m openiom_simulators store --port 8200 --store-hash demo --token secret"
BEHAVIOR_OPTIONS = (
    "accept-after",
    "pick-after",
    "ship-after",
    "decline-ratio",
    "partial-ratio",
    "short-ratio",
    "refuse-cancel-ratio",
)
PERSISTENT_KINDS = ("store", "warehouse", "payments")


def parser() -> argparse.ArgumentParser:
    """Return the parser of all simulators; defaults are those of their options."""
    top = argparse.ArgumentParser(
        prog="python -m openiom_simulators", description=__doc__, epilog=EXAMPLE
    )
    kinds = top.add_subparsers(dest="kind", required=True)
    _add_store(kinds.add_parser("store", help="a BigCommerce-compatible store", epilog=EXAMPLE))
    _add_warehouse(kinds.add_parser("warehouse", help="a 3PL", epilog=_example("warehouse")))
    _add_lab(kinds.add_parser("lab", help="mailbox and HTTP address of the quick-start lab"))
    _add_carrier(
        kinds.add_parser("carrier", help="a carrier that rates parcels", epilog=_example("carrier"))
    )

    _add_payments(
        kinds.add_parser("payments", help="a payment provider", epilog=_example("payments"))
    )

    for kind in kinds.choices.values():
        _add_common(kind)

    return top


def _example(kind: str) -> str:
    return EXAMPLE.replace("store ", f"{kind} ", 1)


def _add_common(kind: argparse.ArgumentParser) -> None:
    kind.add_argument("--port", type=int, default=0, help="0 uses a free port")
    kind.add_argument("--fd", type=int, help="listen on this inherited socket instead")
    kind.add_argument("--ready-file", type=Path, help="file for the printed line")
    kind.add_argument("--seed", type=int, default=1)
    kind.add_argument("--state-file", type=Path, help="keeps the state between starts")


def _add_store(store: argparse.ArgumentParser) -> None:
    defaults = StoreOptions()
    store.add_argument("--store-hash", default=defaults.store_hash)
    store.add_argument("--token", default=defaults.token)
    store.add_argument("--read-only-token", help="a second token without write scopes")
    store.add_argument("--name", default=defaults.name)
    store.add_argument("--quota", type=int, default=defaults.quota, help="requests per window")
    store.add_argument("--window-ms", type=int, default=defaults.window_ms)
    store.add_argument(
        "--authorizes", action="store_true", help="cards are captured by the payments simulator"
    )
    store.add_argument(
        "--webhook-time-scale",
        type=float,
        default=defaults.webhook_time_scale,
        help="1 retries in real time",
    )


def _add_warehouse(warehouse: argparse.ArgumentParser) -> None:
    defaults = WarehouseOptions()
    warehouse.add_argument("--token", default=defaults.token)
    warehouse.add_argument("--name", default=defaults.name)
    warehouse.add_argument("--callback-url", default=defaults.callback_url)
    warehouse.add_argument("--callback-secret", default=defaults.callback_secret)
    warehouse.add_argument("--callback-batch", type=int, default=defaults.callback_batch)
    warehouse.add_argument("--manual", action="store_true", help="an operator accepts and ships")

    for name in BEHAVIOR_OPTIONS:
        warehouse.add_argument(f"--{name}", type=float, default=0.0)

    warehouse.add_argument("--deliver-after", type=float, help="never delivers without it")


def _add_lab(lab: argparse.ArgumentParser) -> None:
    lab.add_argument("--smtp-port", type=int, default=0)
    lab.add_argument("--smtp-fd", type=int, help="accept mail on this inherited socket instead")


def _add_carrier(carrier: argparse.ArgumentParser) -> None:
    defaults = CarrierOptions()
    carrier.add_argument("--token", default=defaults.token)
    carrier.add_argument("--name", default=defaults.name)


def _add_payments(payments: argparse.ArgumentParser) -> None:
    defaults = PaymentsOptions()
    payments.add_argument("--token", default=defaults.token)
    payments.add_argument("--name", default=defaults.name)


def _store(options: argparse.Namespace) -> FastAPI:
    return store_application(
        StoreOptions(
            store_hash=options.store_hash,
            token=options.token,
            read_only_token=options.read_only_token,
            name=options.name,
            quota=options.quota,
            window_ms=options.window_ms,
            webhook_time_scale=options.webhook_time_scale,
            authorizes=options.authorizes,
            seed=options.seed,
        )
    )


def _warehouse(options: argparse.Namespace) -> FastAPI:
    behavior = Behavior(
        automatic=not options.manual,
        accept_after=options.accept_after,
        pick_after=options.pick_after,
        ship_after=options.ship_after,
        deliver_after=options.deliver_after,
        decline_ratio=options.decline_ratio,
        partial_ratio=options.partial_ratio,
        short_ratio=options.short_ratio,
        refuse_cancel_ratio=options.refuse_cancel_ratio,
        seed=options.seed,
    )
    return warehouse_application(
        WarehouseOptions(
            token=options.token,
            callback_url=options.callback_url,
            callback_secret=options.callback_secret,
            callback_batch=options.callback_batch,
            name=options.name,
            behavior=behavior,
            seed=options.seed,
        )
    )


def _lab(options: argparse.Namespace) -> FastAPI:
    return lab_application(LabOptions(smtp_port=options.smtp_port, smtp_fd=options.smtp_fd))


def _carrier(options: argparse.Namespace) -> FastAPI:
    return carrier_application(
        CarrierOptions(token=options.token, name=options.name, seed=options.seed)
    )


def _payments(options: argparse.Namespace) -> FastAPI:
    return payments_application(
        PaymentsOptions(token=options.token, name=options.name, seed=options.seed)
    )


APPLICATIONS: dict[str, Callable[[argparse.Namespace], FastAPI]] = {
    "store": _store,
    "warehouse": _warehouse,
    "lab": _lab,
    "carrier": _carrier,
    "payments": _payments,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one simulator until it is terminated."""
    options = parser().parse_args(arguments)
    app = APPLICATIONS[options.kind](options)
    if options.state_file is not None and options.kind in PERSISTENT_KINDS:
        persist(app, options.state_file)

    serve_forever(
        app,
        port=options.port,
        fd=options.fd,
        ready_file=options.ready_file,
        announce={"simulator": options.kind},
    )
