"""
Backorders and preorders: lines on hold until stock arrives or their product is launched.

Events of the log release them; there is no nightly job.
"""
