"""Run a generated store of many orders against its model, and print what differs.

Example: python -m scripts.check_store_orders --orders 2000 --seed 7
"""

import os
import subprocess
import sys
from argparse import ArgumentParser

TEST = "tests/order_stories/test_a_store_of_every_kind.py"


def main() -> int:
    """Run the test of the store with the number of orders and the seed of the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    environment = {
        **os.environ,
        "STORE_ORDERS": str(arguments.orders),
        "STORE_SEED": str(arguments.seed),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-s", TEST]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
