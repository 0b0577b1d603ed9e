"""The far end of the quick-start lab: a mailbox that takes every mail, and an HTTP address that takes every POST."""

from .application import LabOptions, lab_application

__all__ = ["LabOptions", "lab_application"]
