"""Prefect tasks, one file per step: each calls the engine and shows a person what came of it."""
