"""`iom`: documents as files, invariants, credentials, and failures in one line."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import orjson
import pytest
import yaml
from sqlalchemy import text
from tests.orders.builders import line, master_data, placed
from typer.testing import CliRunner

from openiom.administration.clients import check_secret
from openiom.app import cli
from openiom.app.application import Application
from openiom.app.cli import app
from openiom.inventory_visibility import StockChange, change_on_hand
from openiom.kernel import Unauthenticated
from openiom.orders import hold_orders
from openiom.platform.clock import utc_now

COMMANDS = (
    ["demo"],
    ["serve"],
    ["web"],
    ["worker"],
    ["migrate"],
    ["restored"],
    ["check-invariants"],
    ["openapi"],
    ["bench"],
    ["config", "export"],
    ["config", "diff"],
    ["config", "apply"],
    ["config", "delete"],
    ["order", "show"],
    ["token", "create"],
    ["token", "list"],
    ["token", "revoke"],
    ["provider", "list"],
    ["provider", "install"],
    ["provider", "probe"],
    ["provider", "poll"],
    ["user", "create"],
    ["client", "create"],
)


@pytest.fixture
def iom(application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("OPENIOM_DATABASE_URL", application.database.url)
    monkeypatch.setenv("OPENIOM_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    return CliRunner()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(command: list[str], iom: CliRunner) -> None:
    shown = iom.invoke(app, [*command, "--help"])

    assert shown.exit_code == 0
    assert "Example" in shown.output


def test_documents_are_applied_compared_and_exported(iom: CliRunner, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    file = folder / "currency" / "USD.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("kind: currency\nname: USD\nbody: {title: US dollar}\n")

    first = iom.invoke(app, ["config", "apply", str(folder)])
    again = iom.invoke(app, ["config", "apply", str(folder)])
    same = iom.invoke(app, ["config", "diff", str(folder)])
    file.write_text("kind: currency\nname: USD\nbody: {title: Greenback}\n")
    other = iom.invoke(app, ["config", "diff", str(folder)])
    out = tmp_path / "out"
    exported = iom.invoke(app, ["config", "export", str(out)])

    assert "1 changed, 0 unchanged" in first.output
    assert "0 changed, 1 unchanged" in again.output
    assert same.exit_code == 0
    assert (other.exit_code, "title" in other.output) == (1, True)
    assert exported.exit_code == 0
    kept = yaml.safe_load((out / "currency" / "USD.yaml").read_text())
    assert kept == {"kind": "currency", "name": "USD", "body": {"title": "US dollar"}}


def test_mappings_share_one_file(iom: CliRunner, tmp_path: Path) -> None:
    given, out = tmp_path / "given", tmp_path / "out"
    given.mkdir()
    text = "---\n".join(
        f"kind: mapping\nname: product/default/sku={n}\n"
        f"body: {{table: product, field: sku, value: '{n}', internal: P{n},"
        " scope: default, scope_name: ''}\n"
        f"---\nkind: product\nname: P{n}\nbody: {{name: Lamp}}\n"
        for n in range(30)
    )
    (given / "all.yaml").write_text(text)
    iom.invoke(app, ["config", "apply", str(given)])

    exported = iom.invoke(app, ["config", "export", str(out), "--kind", "mapping"])
    same = iom.invoke(app, ["config", "diff", str(out)])

    assert "30 documents written to 1 files" in exported.output
    assert [f.name for f in out.iterdir()] == ["mapping.yaml"]
    assert (same.exit_code, "0 changed, 30 unchanged" in same.output) == (0, True)


def test_a_folder_with_a_bad_document_changes_nothing_and_names_every_fault(
    iom: CliRunner, tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text("kind: currency\nname: USD\nbody: {title: US dollar}\n")
    (tmp_path / "b.yaml").write_text("kind: currency\nname: EUR\nbody: {}\n")

    refused = iom.invoke(app, ["config", "apply", str(tmp_path)])

    assert "currency EUR, title" in str(refused.exception)
    assert "0 documents" in iom.invoke(app, ["config", "export", str(tmp_path / "out")]).output


def test_violated_invariants_are_shown_with_their_rows(
    application: Application, iom: CliRunner
) -> None:
    clean = iom.invoke(app, ["check-invariants"])
    with application.database.unit_of_work() as session:
        change_on_hand(
            session,
            [StockChange("X", "SEA", 5)],
            mode="set",
            cause="c",
            document="d",
            now=utc_now(),
            actor="t",
        )
        session.execute(text("UPDATE inventory_visibility.stock SET on_hand = 6"))

    broken = iom.invoke(app, ["check-invariants"])
    told = orjson.loads(iom.invoke(app, ["check-invariants", "--json"]).stdout)

    assert clean.exit_code == 0
    assert broken.exit_code == 1
    assert "violated  ledger_adds_up_to_stock" in broken.output
    assert told["ok"] is False
    row = next(c for c in told["invariants"] if c["violations"])["rows"][0]
    assert (row["product"], row["on_hand"]) == ("X", "6.0000")


def test_a_failure_is_one_line_with_what_to_do_and_exit_code_two(
    iom: CliRunner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["iom", "order", "show", "4711"])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 2
    said = capsys.readouterr().err.strip()
    assert (
        said
        == "error: no order 4711. search for it in the user interface; its message may be parked"
    )


def test_a_wrong_setting_is_named(
    iom: CliRunner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENIOM_WEB_THREADS", "many")
    monkeypatch.setattr(sys, "argv", ["iom", "check-invariants"])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 2
    assert "OPENIOM_WEB_THREADS" in capsys.readouterr().err


def test_a_missing_installation_is_reported_without_a_traceback(tmp_path: Path) -> None:
    source = str(Path(__file__).resolve().parents[2] / "src")
    done = subprocess.run(
        [sys.executable, "-m", "openiom.app.cli", "check-invariants"],
        env={"PYTHONPATH": source, "OPENIOM_HOME": str(tmp_path), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: no installation in {tmp_path}")
    assert "Traceback" not in done.stderr
    assert "XDG_RUNTIME_DIR" not in done.stderr


def test_an_order_is_shown_with_its_hold_and_its_timeline(
    iom: CliRunner, application: Application
) -> None:
    master_data(application.database)
    order = placed(application.database, line(quantity=3), external_id="100")
    with application.database.unit_of_work() as session:
        hold_orders(session, [order], utc_now(), "ana@example.com", reason="Address changes")

    shown = iom.invoke(app, ["order", "show", "100"])
    assert shown.exit_code == 0, shown.output
    assert "Order 100 of fabrikam-store: Sales Order On Hold" in shown.output
    assert "Manual hold  (on hold)" in shown.output
    assert "Richard Miles" in shown.output
    assert "3 ea" in shown.output
    assert "order.hold_placed" in shown.output


def test_tokens_are_listed_and_revoked_on_the_command_line(iom: CliRunner) -> None:
    issued = iom.invoke(app, ["token", "create", "sync", "--role", "viewer", "--days", "7"])
    assert issued.stdout.startswith("iom_")

    listed = iom.invoke(app, ["token", "list"]).stdout
    assert [part in listed for part in ("sync", "viewer", "iom token", "never")] == [True] * 4

    assert iom.invoke(app, ["token", "revoke", "sync"]).exit_code == 0
    assert "sync" not in iom.invoke(app, ["token", "list"]).stdout


def test_a_client_made_on_the_command_line_keeps_its_id_and_gets_a_new_secret(
    iom: CliRunner, application: Application
) -> None:
    def create_client() -> dict[str, str]:
        created = iom.invoke(app, ["client", "create", "pos-bridge", "--role", "viewer"])
        assert created.exit_code == 0, created.output
        return dict(line.split("=", 1) for line in created.output.split())

    one, other = create_client(), create_client()
    assert one["client_id"] == other["client_id"]
    assert one["client_secret"] != other["client_secret"]

    with application.database.unit_of_work() as session:
        from_here = partial(
            check_secret, session, client_id=one["client_id"], address="127.0.0.1", now=utc_now()
        )
        from_here(secret=other["client_secret"])

        with pytest.raises(Unauthenticated):
            from_here(secret=one["client_secret"])
