"""Options of the command line, and the applications made from them."""

import pytest

from openiom_simulators.command_line import APPLICATIONS, parser


def test_a_store_has_its_token_and_a_second_one_without_write_scopes():
    arguments = ["store", "--token", "full", "--read-only-token", "read", "--quota", "5"]
    options = parser().parse_args(arguments)
    app = APPLICATIONS[options.kind](options)
    assert app.state.quota.requests == 5
    assert app.state.store_hash == "demo"
    assert (options.port, options.seed, options.state_file) == (0, 1, None)


def test_a_warehouse_has_the_requested_behavior():
    arguments = ["warehouse", "--manual", "--ship-after", "6", "--short-ratio", "0.5"]
    options = parser().parse_args([*arguments, "--seed", "9"])
    behavior = APPLICATIONS["warehouse"](options).state.automation.behavior
    assert behavior.automatic is False
    assert (behavior.accept_after, behavior.ship_after, behavior.deliver_after) == (0.0, 6.0, None)
    assert (behavior.decline_ratio, behavior.short_ratio, behavior.seed) == (0.0, 0.5, 9)


@pytest.mark.parametrize("kind", ["lab", "carrier"])
def test_lab_and_carrier_start_with_their_defaults(kind):
    options = parser().parse_args([kind])
    assert APPLICATIONS[kind](options).title.startswith(kind.capitalize())


@pytest.mark.parametrize("kind", sorted(APPLICATIONS))
def test_every_simulator_can_listen_on_an_inherited_socket(kind):
    options = parser().parse_args([kind, "--fd", "7", "--port", "8200"])
    assert (options.fd, options.port) == (7, 8200)


def test_an_unknown_simulator_is_refused(capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["bakery"])
    assert "invalid choice: 'bakery'" in capsys.readouterr().err
