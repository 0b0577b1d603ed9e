"""`iom demo`: the product with Fabrikam in it, its store and its 3PL beside it, and orders trickling in."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from time import monotonic, sleep

from openiom.app.application import CONSUMERS, Application, build
from openiom.app.migrate import migrate
from openiom.app.processes import (
    Child,
    Supervisor,
    database_of,
    end_on_signals,
    simulator_command,
    start_product,
    take_port,
    url_of,
    wait_until_ready,
)
from openiom.kernel import IomError, Refused
from openiom.platform.settings import Settings
from openiom.providers import probe

from .seed import (
    InstanceAddresses,
    company_documents,
    instance_documents,
    put_administrator,
    seed_catalog,
    seed_company,
    seed_stock,
)
from .seed.company import LAB_PRODUCTS, SOURCES
from .store_client import StoreSide, store_side

STORE_HASH = "fabrikam"
EMAIL = "admin@fabrikam.example"
GENERATED_PRODUCTS = 300
POLL_SECONDS = 30
LAB_STOCK = 1_000
PROBE_SECONDS = 30.0
TRICKLE_SECONDS = 4.0
UNHURRIED = (
    "--accept-after",
    "2",
    "--pick-after",
    "4",
    "--ship-after",
    "6",
    "--deliver-after",
    "30",
) + (
    *("--partial-ratio", "0.06"),
    *("--decline-ratio", "0.02"),
)
INSTANCES = ("fabrikam-store", "fabrikam-3pl", "fabrikam-carrier", "lab-intake", "lab-fulfillment")
Say = Callable[[str], None]


@dataclass
class Keepsake:
    """What a demo's home remembers, readable by its owner only."""

    store_token: str = ""
    warehouse_token: str = ""
    callback_secret: str = ""
    webhook_key: str = ""
    lab_key: str = ""
    carrier_token: str = ""
    password: str = ""
    store_port: int = 0
    warehouse_port: int = 0
    lab_port: int = 0
    lab_smtp_port: int = 0
    carrier_port: int = 0


@dataclass(frozen=True)
class Site:
    """A running demo: where everything is."""

    url: str
    product: Application
    store: StoreSide
    addresses: InstanceAddresses
    password: str


def keepsake(home: Path, *, password: str = "") -> Keepsake:
    """Read or make what this home remembers; `password` overrides the sign-in's."""
    file = home / "demo.json"
    kept = Keepsake()
    if file.exists():
        known = {f.name for f in fields(Keepsake)}
        kept = Keepsake(
            **{k: v for k, v in json.loads(file.read_text("utf-8")).items() if k in known}
        )
    for name in (
        "store_token",
        "warehouse_token",
        "callback_secret",
        "webhook_key",
        "lab_key",
        "carrier_token",
        "password",
    ):
        if not getattr(kept, name):
            setattr(kept, name, secrets.token_hex(8 if name == "password" else 24))
    kept.password = password or kept.password
    remember(home, kept)
    return kept


def remember(home: Path, kept: Keepsake) -> None:
    home.mkdir(parents=True, exist_ok=True)
    file = home / "demo.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(kept), indent=1), "utf-8")


def start_simulators(
    supervisor: Supervisor,
    home: Path,
    kept: Keepsake,
    *,
    remembering: bool,
    behavior: Sequence[str],
) -> InstanceAddresses:
    """Store and 3PL as children, on the ports they had last time when those are free."""
    held = {}
    for name in ("store_port", "warehouse_port", "lab_port", "lab_smtp_port", "carrier_port"):
        bound = supervisor.hold(take_port("127.0.0.1", getattr(kept, name), insist=False))
        setattr(kept, name, bound.getsockname()[1])
        held[name] = bound.fileno()
    remember(home, kept)

    def state(name: str) -> list[str]:
        return ["--state-file", str((home / f"{name}.books").resolve())] if remembering else []

    def start(kind: str, arguments: Sequence[str], **fds: int) -> None:
        listening = [f"--{option.replace('_', '-')}={fd}" for option, fd in fds.items()]
        command = simulator_command(kind, *listening, *arguments)
        supervisor.add(Child(kind, command, pass_fds=tuple(fds.values()), quiet=True))

    # A token may begin with a dash, which would make it an argument of its own were it not joined to its name.
    start(
        "store",
        ["--store-hash", STORE_HASH, f"--token={kept.store_token}", *state("store")],
        fd=held["store_port"],
    )
    start(
        "warehouse",
        [f"--token={kept.warehouse_token}", *behavior, *state("warehouse")],
        fd=held["warehouse_port"],
    )
    start("lab", [], fd=held["lab_port"], smtp_fd=held["lab_smtp_port"])
    start("carrier", [f"--token={kept.carrier_token}"], fd=held["carrier_port"])
    return InstanceAddresses(
        store_url=f"http://127.0.0.1:{kept.store_port}",
        store_hash=STORE_HASH,
        store_token=kept.store_token,
        warehouse_url=f"http://127.0.0.1:{kept.warehouse_port}",
        warehouse_token=kept.warehouse_token,
        callback_secret=kept.callback_secret,
        webhook_key=kept.webhook_key,
        lab_url=f"http://127.0.0.1:{kept.lab_port}",
        lab_smtp_port=kept.lab_smtp_port,
        lab_key=kept.lab_key,
        carrier_url=f"http://127.0.0.1:{kept.carrier_port}",
        carrier_token=kept.carrier_token,
    )


def run_demo(
    settings: Settings, *, insist: bool, trickle: bool, password: str, say: Say, shown: Say
) -> None:
    """Start everything, seed Fabrikam, and stay until told to end. `say` names the phase, `shown` prints."""
    end_on_signals()
    bound = take_port(settings.host, settings.port, insist=insist)
    if settings.port and bound.getsockname()[1] != settings.port:
        shown(f"port {settings.port} is taken, so the demo listens elsewhere")
    kept = keepsake(settings.home, password=password)
    say("starting PostgreSQL")
    with database_of(settings) as database_url, Supervisor() as supervisor:
        say("starting web, workers and simulators")
        start_product(supervisor, settings, database_url, bound, workers=settings.workers)
        addresses = start_simulators(
            supervisor, settings.home, kept, remembering=True, behavior=UNHURRIED
        )
        product = build(
            settings.model_copy(update={"public_url": settings.public_url or url_of(bound)}),
            database_url,
        )
        with store_side(addresses.store_url, STORE_HASH, kept.store_token) as store:
            site = Site(url_of(bound), product, store, addresses, kept.password)
            try:
                prepare(site, say=say)
                say("waiting for the web server")
                wait_until_ready(supervisor, site.url)
                open_for_business(site, trickle=trickle, say=say)
            finally:
                product.close()
        supervisor.stop_on_signals()
        say("")
        shown(f"OpenIOM runs at [bold]{site.url}[/bold]")
        shown(f"sign in with [bold]{EMAIL}[/bold] and [bold]{site.password}[/bold]")
        shown("[dim]Ctrl-C ends everything; the next start finds its data again[/dim]")
        supervisor.watch()
        say("ending web, workers, simulators and PostgreSQL")


def prepare(site: Site, *, say: Say) -> None:
    """Migrate and seed; what is there already stays as it is."""
    say("migrating the database")
    migrate(site.product.database, consumers=CONSUMERS)
    say("seeding Fabrikam")
    site.store.wait()
    if not site.store.stats()["products"]:
        site.store.load(
            {"source": "generator", "orders": 0, "products": GENERATED_PRODUCTS, "seed": 7}
        )
    instances = instance_documents(site.addresses, poll_seconds=POLL_SECONDS)
    company = company_documents()
    seed_company(site.product, [d for d in company if d["kind"] not in ("policy", "flow")])
    seed_catalog(site.product, list(site.store.catalog()), currency="USD", told=lambda _: None)
    seed_company(site.product, [*(d for d in company if d["kind"] == "policy"), *instances])
    seed_company(site.product, [d for d in company if d["kind"] == "flow"])
    names = [item.sku for item in site.store.catalog()]
    seed_stock(site.product, LAB_PRODUCTS, sources=SOURCES, plenty=LAB_STOCK, told=lambda _: None)
    seed_stock(site.product, names, sources=SOURCES, plenty=None, told=lambda _: None)
    put_administrator(site.product, email=EMAIL, password=site.password)


def open_for_business(site: Site, *, trickle: bool, say: Say) -> None:
    """Prove the connections, which has store and 3PL call us, and let orders come. Raises Refused."""
    say("probing the connections")
    for instance in INSTANCES:
        deadline = monotonic() + PROBE_SECONDS
        while isinstance(
            answer := probe(site.product.registry, site.product.database, instance), IomError
        ):
            if monotonic() > deadline:
                raise Refused(
                    f"the connection {instance} does not work: {answer}",
                    remedy="end and start again",
                )
            sleep(0.2)
    if trickle:
        site.store.trickle(seconds=TRICKLE_SECONDS)
