"""`iom demo`: OpenIOM with the Fabrikam company, simulated providers and new orders."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx

from openiom.administration import issue_token
from openiom.app.application import CONSUMERS, Application, build
from openiom.app.migrate import migrate
from openiom.app.processes import (
    ChildProcess,
    Supervisor,
    bind_port,
    end_on_signals,
    running_database,
    start_application,
    url_of,
    wait_until_ready,
)
from openiom.kernel import IomError, Refused
from openiom.platform.clock import utc_now
from openiom.platform.settings import Settings
from openiom.providers import probe

from .demo_routes import EXTENSION
from .demo_state import (
    LOCALHOST,
    PORTS,
    STORE_HASH,
    DemoState,
    load_demo_state,
    save_demo_state,
)
from .seed import (
    PAYMENTS,
    InstanceAddresses,
    company_documents,
    create_administrator,
    instance_documents,
    seed_catalog,
    seed_company,
    seed_stock,
)
from .seed.company import LAB_PRODUCTS, SOURCES
from .seed.examples import ExampleSite, make_examples
from .store_client import StoreClient, open_store_client
from .warehouse_client import open_warehouse_client

EMAIL = "admin@fabrikam.example"
GENERATED_PRODUCTS = 300
GENERATOR_SEED = 7
POLL_SECONDS = 30
LAB_STOCK = 1_000
PROBE_SECONDS = 30.0
ORDERS_PER_MINUTE = 4.0
EXAMPLES_TOKEN = "Fabrikam colleague"
REALISTIC_WAREHOUSE = (
    "--accept-after=5",
    "--pick-after=12",
    "--ship-after=20",
    "--deliver-after=60",
    "--partial-ratio=0.06",
    "--decline-ratio=0.02",
)
"""Options of a 3PL that takes its time, ships in part and declines now and then."""
INSTANCES = ("fabrikam-store", "fabrikam-3pl", "fabrikam-carrier", "lab-intake", "lab-fulfillment")
Say = Callable[[str], None]


@dataclass(frozen=True)
class DemoSite:
    """A running demo: its URL, its application and the simulators around it."""

    url: str
    application: Application
    store: StoreClient
    addresses: InstanceAddresses
    password: str


def run_demo(
    settings: Settings, *, insist: bool, pace: float, password: str, report: Say, show: Say
) -> None:
    """Start and seed everything, and run until the process is asked to end.

    `report` is called with the name of each phase, and with an empty text when all have ended;
    `show` prints a line. `insist` refuses another port than the configured one. At a `pace` of 0
    orders a minute, no order is placed and no example is made.
    """
    end_on_signals()
    bound = bind_port(settings.host, settings.port, insist=insist)
    if settings.port and bound.getsockname()[1] != settings.port:
        show(f"port {settings.port} is in use, so the demo listens on another one")

    state = load_demo_state(settings.home, password=password)
    url = url_of(bound)
    report("starting PostgreSQL")

    with running_database(settings) as database_url, Supervisor() as supervisor:
        report("starting web, workers and simulators")
        settings = settings.model_copy(update={"web_extensions": EXTENSION})
        start_application(supervisor, settings, database_url, bound, workers=settings.workers)
        addresses = start_simulators(
            supervisor, settings.home, state, persistent=True, warehouse=REALISTIC_WAREHOUSE
        )
        public_url = settings.public_url or url
        application = build(settings.model_copy(update={"public_url": public_url}), database_url)

        with open_store_client(addresses.store_url, STORE_HASH, state.store_token) as store:
            site = DemoSite(url, application, store, addresses, state.password)
            try:
                seed_demo(site, report=report)
                report("waiting for the web server")
                wait_until_ready(supervisor, url)
                enable_connections(site, report=report)
                if pace:
                    _make_examples_once(site, settings.home, state, report=report, show=show)
                    store.set_pace(pace)
            finally:
                application.close()

        supervisor.stop_on_signals()
        report("")
        show(f"OpenIOM is running at [bold]{url}[/bold]")
        show(f"sign in with [bold]{EMAIL}[/bold] and [bold]{site.password}[/bold]")
        show("[dim]Ctrl-C stops everything; the next start continues with the same data[/dim]")
        supervisor.watch()
        report("stopping web, workers, simulators and PostgreSQL")


def seed_demo(site: DemoSite, *, report: Say) -> None:
    """Migrate the database and seed the company; existing data is kept."""
    report("migrating the database")
    migrate(site.application.database, consumers=CONSUMERS)
    report("seeding Fabrikam")
    site.store.wait()
    if not site.store.stats()["products"]:
        site.store.load(
            {
                "source": "generator",
                "orders": 0,
                "products": GENERATED_PRODUCTS,
                "seed": GENERATOR_SEED,
            }
        )

    catalog = list(site.store.catalog())
    instances = instance_documents(site.addresses, poll_seconds=POLL_SECONDS)
    company = company_documents()
    seed_company(site.application, without_kinds(company, "policy", "flow"))
    seed_catalog(site.application, catalog, currency="USD", progress=lambda _: None)
    seed_company(site.application, [*of_kind(company, "policy"), *instances])
    seed_company(site.application, [*of_kind(company, "flow"), mail_server(site.addresses)])

    for names, units in ((list(LAB_PRODUCTS), LAB_STOCK), ([item.sku for item in catalog], None)):
        seed_stock(site.application, names, sources=SOURCES, units=units, progress=lambda _: None)

    create_administrator(site.application, email=EMAIL, password=site.password)


def mail_server(addresses: InstanceAddresses) -> dict[str, Any]:
    """Return the mail server of the demo: the mailbox of the lab, which delivers no mail."""
    body = {
        "host": LOCALHOST,
        "port": addresses.lab_smtp_port,
        "security": "none",
        "sender_name": "Fabrikam Retail",
        "sender_address": "orders@fabrikam.example",
    }
    return {"kind": "mail_server", "name": "default", "body": body}


def of_kind(documents: Sequence[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Return the documents of a kind."""
    return [document for document in documents if document["kind"] == kind]


def without_kinds(documents: Sequence[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    """Return the documents of all other kinds."""
    return [document for document in documents if document["kind"] not in kinds]


def _make_examples_once(
    site: DemoSite, home: Path, state: DemoState, *, report: Say, show: Say
) -> None:
    """Make the examples in a home that has none yet; `show` prints what is missing of them."""
    if state.has_examples:
        return

    report("placing the first orders")
    with site.application.database.unit_of_work() as session:
        token = issue_token(
            session,
            name=EXAMPLES_TOKEN,
            roles=["administrator"],
            now=utc_now(),
            actor="iom demo",
            lifetime=timedelta(days=1),
        )

    catalog = {item.sku: item for item in site.store.catalog()}
    headers = {"authorization": f"Bearer {token}"}
    with (
        httpx.Client(base_url=site.url, headers=headers, trust_env=False, timeout=30) as api,
        open_warehouse_client(state.warehouse_url) as warehouse,
    ):
        example_site = ExampleSite(api, site.store, warehouse, catalog)
        try:
            make_examples(example_site, today=utc_now().date())
        except Refused as error:
            show(f"[yellow]{error}[/yellow]")

    state.has_examples = True
    save_demo_state(home, state)


def enable_connections(site: DemoSite, *, report: Say) -> None:
    """Probe every connection, which registers the callbacks.

    Raise `Refused` when a connection does not work in time.
    """
    report("probing the connections")
    payments = (PAYMENTS,) if site.addresses.payments_url else ()
    for instance in (*INSTANCES, *payments):
        _probe_until_green(site.application, instance)


def _probe_until_green(application: Application, instance: str) -> None:
    """Probe a connection until it works. Raise `Refused` after `PROBE_SECONDS`."""
    deadline = monotonic() + PROBE_SECONDS
    result = probe(application.registry, application.database, instance)
    while isinstance(result, IomError):
        if monotonic() > deadline:
            raise Refused(
                f"the connection {instance} does not work: {result}",
                remedy="start the demo again",
            )

        sleep(0.2)
        result = probe(application.registry, application.database, instance)


def start_simulators(
    supervisor: Supervisor,
    home: Path,
    state: DemoState,
    *,
    persistent: bool,
    warehouse: Sequence[str],
) -> InstanceAddresses:
    """Start all simulators as children, on their previous ports where those are free.

    `persistent` has store and 3PL keep their data in `home`; `warehouse` are options of the 3PL.
    """
    descriptors = _bind_ports(supervisor, home, state)
    # A token may begin with a dash, so it is joined to its option.
    store = ["store", f"--store-hash={STORE_HASH}", f"--token={state.store_token}"]
    threepl = ["warehouse", f"--token={state.warehouse_token}", *warehouse]
    payments = ["payments", f"--token={state.payments_token}"]
    if persistent:
        store.append("--authorizes")
        payments.append(_state_option(home, "payments"))
        store.append(_state_option(home, "store"))
        threepl.append(_state_option(home, "warehouse"))

    carrier = ["carrier", f"--token={state.carrier_token}"]
    _start_simulator(supervisor, store, fd=descriptors["store_port"])
    _start_simulator(supervisor, threepl, fd=descriptors["warehouse_port"])
    _start_simulator(
        supervisor, ["lab"], fd=descriptors["lab_port"], smtp_fd=descriptors["lab_smtp_port"]
    )
    _start_simulator(supervisor, carrier, fd=descriptors["carrier_port"])
    if persistent:
        _start_simulator(supervisor, payments, fd=descriptors["payments_port"])
    return InstanceAddresses(
        store_url=state.store_url,
        store_hash=STORE_HASH,
        store_token=state.store_token,
        warehouse_url=state.warehouse_url,
        warehouse_token=state.warehouse_token,
        callback_secret=state.callback_secret,
        webhook_key=state.webhook_key,
        lab_url=f"http://{LOCALHOST}:{state.lab_port}",
        lab_smtp_port=state.lab_smtp_port,
        lab_key=state.lab_key,
        carrier_url=f"http://{LOCALHOST}:{state.carrier_port}",
        carrier_token=state.carrier_token,
        payments_url=f"http://{LOCALHOST}:{state.payments_port}" if persistent else "",
        payments_token=state.payments_token,
    )


def _bind_ports(supervisor: Supervisor, home: Path, state: DemoState) -> dict[str, int]:
    """Bind the simulators' ports, store them, and return their file descriptors."""
    descriptors: dict[str, int] = {}
    for name in PORTS:
        bound = supervisor.hold(bind_port(LOCALHOST, getattr(state, name), insist=False))
        setattr(state, name, bound.getsockname()[1])
        descriptors[name] = bound.fileno()
    save_demo_state(home, state)
    return descriptors


def _start_simulator(
    supervisor: Supervisor, arguments: Sequence[str], *, fd: int, smtp_fd: int | None = None
) -> None:
    """Start a simulator, given as its kind and options, on inherited sockets."""
    kind, *options = arguments
    sockets = [f"--fd={fd}"]
    descriptors = [fd]
    if smtp_fd is not None:
        sockets.append(f"--smtp-fd={smtp_fd}")
        descriptors.append(smtp_fd)

    command = [
        sys.executable,
        "-m",
        "openiom_simulators.child_process",
        kind,
        *sockets,
        *options,
    ]
    supervisor.add(ChildProcess(kind, command, pass_fds=tuple(descriptors), quiet=True))


def _state_option(home: Path, simulator: str) -> str:
    return f"--state-file={(home / f'{simulator}.books').resolve()}"
