"""OpenIOM: an open Intelligent Order Management system."""
