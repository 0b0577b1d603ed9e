"""Credentials and ports of a demo, which it keeps in its home between two starts."""

import json
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

STORE_HASH = "fabrikam"
LOCALHOST = "127.0.0.1"
STATE_FILE = "demo.json"
PASSWORD_BYTES = 8
TOKEN_BYTES = 24


@dataclass
class DemoState:
    """Credentials and ports that a demo keeps in its home, readable by its owner only."""

    store_token: str = ""
    warehouse_token: str = ""
    callback_secret: str = ""
    webhook_key: str = ""
    lab_key: str = ""
    carrier_token: str = ""
    payments_token: str = ""
    password: str = ""
    store_port: int = 0
    warehouse_port: int = 0
    lab_port: int = 0
    lab_smtp_port: int = 0
    carrier_port: int = 0
    payments_port: int = 0
    has_examples: bool = False

    @property
    def store_url(self) -> str:
        """The URL of the store."""
        return f"http://{LOCALHOST}:{self.store_port}"

    @property
    def warehouse_url(self) -> str:
        """The URL of the 3PL."""
        return f"http://{LOCALHOST}:{self.warehouse_port}"


CREDENTIALS = (
    "store_token",
    "warehouse_token",
    "callback_secret",
    "webhook_key",
    "lab_key",
    "carrier_token",
    "payments_token",
)
PORTS = (
    "store_port",
    "warehouse_port",
    "lab_port",
    "lab_smtp_port",
    "carrier_port",
    "payments_port",
)


def load_demo_state(home: Path, *, password: str = "") -> DemoState:
    """Return the state of a home, with new credentials where it has none.

    A given `password` replaces the stored one.
    """
    state = stored_state(home / STATE_FILE)
    for name in CREDENTIALS:
        if not getattr(state, name):
            setattr(state, name, secrets.token_hex(TOKEN_BYTES))

    state.password = password or state.password or secrets.token_hex(PASSWORD_BYTES)
    save_demo_state(home, state)
    return state


def stored_state(file: Path) -> DemoState:
    """Return the state in a file, an empty one without it; unknown fields are left out."""
    state = DemoState()
    if not file.exists():
        return state

    stored = json.loads(file.read_text("utf-8"))
    for field in fields(DemoState):
        if field.name in stored:
            setattr(state, field.name, stored[field.name])

    return state


def save_demo_state(home: Path, state: DemoState) -> None:
    """Write the state of a demo to its home."""
    home.mkdir(parents=True, exist_ok=True)
    file = home / STATE_FILE
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(state), indent=1), "utf-8")
