"""The process that the tests' worker processes are forked from. There can be one only, so it imports for all of them.

Importing is most of what a short run costs; thousands of runs are affordable only without it.
"""

from __future__ import annotations

import multiprocessing

__all__ = ["PROCESSES"]

_VERBS = ("run", "settle", "status", "redrive", "report")

PROCESSES = multiprocessing.get_context("forkserver")
"""Start processes with ``PROCESSES.Process``; what they run must be importable from one of the modules below."""

PROCESSES.set_forkserver_preload(
    [
        "tests.chaos.worker",
        "tests.ledger.workers",
        *("alembic.command", "alembic.ext.checkconstraint_byname", "av.subtitles.stream"),
        *("google.auth.aio.credentials", "google.cloud.storage", "google.genai.types", "google.oauth2.credentials"),
        *("google.oauth2.reauth", "google_crc32c", "mako.template", "pandas", "psycopg", "PIL.JpegImagePlugin"),
        *("PIL.PngImagePlugin", "pyarrow.pandas_compat", "pyarrow.parquet", "pyarrow.vendored.version"),
        *("reelmill.production.film_provenance", "reelmill.production.films", "rich._emoji_codes"),
        *("reelmill.catalog.delimited", "reelmill.cli.simulator", "reelmill.storage.gcs"),
        *(f"reelmill.cli.{verb}" for verb in _VERBS),
        "tests.chaos.frozen",  # last: it gives what was imported so far to everybody
    ]
)
