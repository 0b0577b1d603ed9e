"""Ends a child process together with the process that started it."""

import os
import signal
from threading import Thread


def end_with_parent() -> None:
    """Send SIGTERM to this process once its parent has ended.

    The parent holds the other end of standard input, which closes when the parent ends.
    """

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, name="parent watch", daemon=True).start()
