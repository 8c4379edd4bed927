"""Feeds in: dialects, a streaming reader, products, and the rows that could not become one."""
