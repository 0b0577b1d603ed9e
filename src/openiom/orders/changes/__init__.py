"""Changes of orders as patches: values of orders, operations on them, and their money."""
