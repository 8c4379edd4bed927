"""Open the storage that an output address names."""

from __future__ import annotations

import re
from pathlib import Path

from reelmill.errors import FixConfiguration
from reelmill.settings import Settings
from reelmill.storage.local import LocalStorage
from reelmill.storage.names import check_name
from reelmill.storage.port import Storage
from reelmill.waits import Waits

__all__ = ["open_storage", "output_root", "split_gs"]

_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/")


def open_storage(uri: str, settings: Settings, waits: Waits | None = None) -> Storage:
    """The storage at ``gs://bucket/prefix``, a local folder, or ``file:///folder``. Nothing is read or written yet.

    ``waits`` hears when it does not answer, and may end the waiting.

    Raises FixConfiguration for another kind of address, FixAccess without credentials for ``gs://``.
    """
    if uri.startswith("gs://"):
        from reelmill.storage.gcs import GcsStorage
        from reelmill.storage.gcs_client import make_client

        bucket, prefix = split_gs(uri)
        return GcsStorage(make_client(settings), bucket, prefix, waits=waits)
    return _folder(uri)


def output_root(uri: str) -> str:
    """The root that :func:`open_storage` would give for an address, found without credentials."""
    if uri.startswith("gs://"):
        return "gs://" + "/".join(filter(None, split_gs(uri)))
    return _folder(uri).root


def _folder(uri: str) -> LocalStorage:
    scheme = _SCHEME.match(uri)
    if scheme and scheme[1] != "file":
        raise FixConfiguration(
            f"Output {scheme[1]}: is not supported.", "Give gs://bucket/prefix or a local folder as output."
        )
    folder = uri.removeprefix("file://")
    if not folder.strip() or "\0" in folder:
        raise FixConfiguration("The output is empty.", "Give gs://bucket/prefix or a local folder as output.")
    return LocalStorage(Path(folder))


def split_gs(uri: str) -> tuple[str, str]:
    """The bucket and the name (perhaps empty, without a trailing slash) of a ``gs://`` address."""
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise FixConfiguration(f"{bucket!r} is no bucket name.", "Write gs://bucket/prefix in lower case.")
    name = name.rstrip("/")
    return bucket, check_name(name) if name else ""
