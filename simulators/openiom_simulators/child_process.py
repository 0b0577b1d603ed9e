"""`python -m openiom_simulators.child_process store --port ...`: a simulator that ends when the demo that started it ends.

Apart from the command line, so that no other process of the product loads what only simulators need.
"""

from openiom.app.parent_watch import end_with_parent
from openiom_simulators.command_line import main

if __name__ == "__main__":
    end_with_parent()
    main()
