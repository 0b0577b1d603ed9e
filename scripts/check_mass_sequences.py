"""Run random operations on many orders in processes that are killed, and check units and money.

Example: python -m scripts.check_mass_sequences --sequences 10000 --kills 20 --seed 7
"""

import os
import subprocess
import sys
from argparse import ArgumentParser

TEST = "tests/orders/test_mass_sequences.py"


def main() -> int:
    """Run the test of many sequences with the numbers of the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--kills", type=int, default=20)
    arguments = parser.parse_args()
    environment = {
        **os.environ,
        "MASS_SEQUENCES": str(arguments.sequences),
        "MASS_STEPS": str(arguments.steps),
        "MASS_SEED": str(arguments.seed),
        "MASS_KILLS": str(arguments.kills),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-s", TEST]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
