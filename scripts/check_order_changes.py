"""Run random sequences of changes of orders at once, and check units and money at every step.

Example: python -m scripts.check_order_changes --sequences 200 --seed 7
"""

import os
import subprocess
import sys
from argparse import ArgumentParser

TEST = "tests/orders/test_change_sequences.py"


def main() -> int:
    """Run the test of sequences with the numbers of the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=200)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    environment = {
        **os.environ,
        "CHANGE_SEQUENCES": str(arguments.sequences),
        "CHANGE_STEPS": str(arguments.steps),
        "CHANGE_SEED": str(arguments.seed),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-s", TEST]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
