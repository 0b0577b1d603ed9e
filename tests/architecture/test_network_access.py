import socket

import pytest
from pytest_socket import SocketConnectBlockedError


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_a_test_cannot_connect_to_another_host() -> None:
    # 127.0.0.2 is this machine but not on the allow-list: no packet leaves even if the guard fails.
    with socket.socket() as client, pytest.raises(SocketConnectBlockedError):
        client.connect(("127.0.0.2", 9))


def test_a_test_can_connect_to_a_server_on_loopback() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert client.getpeername() == server.getsockname()
