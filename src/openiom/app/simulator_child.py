"""`python -m openiom.app.simulator_child store --port ...`: a simulator that ends when the demo that started it ends.

Apart from the command line, so that no other process of the product loads what only simulators need.
"""

from openiom.simulators.command_line import main

from .parenthood import end_with_parent

if __name__ == "__main__":
    end_with_parent()
    main()
