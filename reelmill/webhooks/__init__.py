"""Signed messages to a receiver: format, signature, address, one POST, and the pauses between tries."""
