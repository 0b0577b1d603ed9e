"""
Lines that wait: for stock to come, or for the day their product is launched.

A line without stock waits as a backorder until stock arrives or its time is up; events say when, no nightly job.
"""
