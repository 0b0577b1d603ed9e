import socket

import pytest
from pytest_socket import SocketConnectBlockedError


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_a_test_cannot_reach_a_host_that_is_not_this_one() -> None:
    # 127.0.0.2 is on this machine but not on the list, so nothing leaves even when the gate is broken.
    with socket.socket() as outward, pytest.raises(SocketConnectBlockedError):
        outward.connect(("127.0.0.2", 9))


def test_a_test_may_speak_to_a_server_it_started_on_loopback() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert client.getpeername() == server.getsockname()
