"""Orders: what the customer asked for, and what is still owed."""
