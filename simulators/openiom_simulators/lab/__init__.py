"""The systems of the quick-start lab: a mailbox for every mail, an HTTP address for every POST."""

from .application import LabOptions, lab_application

__all__ = ["LabOptions", "lab_application"]
