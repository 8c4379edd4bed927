"""Prefect flows: wiring only, each reads like the list of steps that it takes."""
