"""`python -m openiom_simulators.child_process KIND`: a simulator as a child of the demo.

It ends when the demo that started it ends.
"""

from openiom.app.parent_watch import end_with_parent
from openiom_simulators.command_line import main

if __name__ == "__main__":
    end_with_parent()
    main()
