"""Replay the tasks of a shop of 1,000 orders, and try wrong actions on its orders.

Example: python -m scripts.check_retail_shop --refused 1000
"""

import os
import subprocess
import sys
from argparse import ArgumentParser

TEST = "tests/returns/test_retail_shop.py"


def main() -> int:
    """Run the test of the shop with the numbers of the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument(
        "--refused", type=int, default=1_000, help="orders on which wrong actions are tried"
    )
    arguments = parser.parse_args()
    environment = {**os.environ, "RETAIL_REFUSED_ORDERS": str(arguments.refused)}
    command = [sys.executable, "-m", "pytest", "-q", "-s", TEST]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
