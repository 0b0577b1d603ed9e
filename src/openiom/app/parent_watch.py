"""A child process and its parent: neither outlives the other."""

import os
import signal
from threading import Thread


def end_with_parent() -> None:
    """End this process when its parent is gone: the parent holds the other end of standard input."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, name="parent", daemon=True).start()
