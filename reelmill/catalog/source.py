"""Where feed files are: a local file, a folder of files, or a place behind the opener port."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO, Protocol

from reelmill.errors import FixFeed

__all__ = ["FeedOpener", "list_files", "open_binary"]

_PARQUET = (".parquet", ".pq", ".parq")
_TEXT = (".csv", ".tsv", ".txt", ".tab", ".csv.gz", ".tsv.gz", ".txt.gz", ".tab.gz")


class FeedOpener(Protocol):
    """Opens feeds that are not local files. Cloud Storage's implementation lives in the storage room."""

    def list(self, location: str) -> list[str]:
        """The addresses of the files at a location: the object itself, or the objects below a prefix."""
        ...

    def open(self, location: str) -> BinaryIO:
        """A seekable stream of one file's bytes."""
        ...


def list_files(location: str, opener: FeedOpener | None) -> list[str]:
    """The files of a feed, in a stable order. Raises FixFeed if there is none that can be one."""
    if location.startswith("gs://"):
        if opener is None:
            raise FixFeed(f"{location} is in Cloud Storage, and nothing here opens it.", "Give a local path.")
        found = opener.list(location)
        return _data_files(location, found) if found != [location] else found
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]+)://", location)
    if scheme:
        raise FixFeed(
            f"A {scheme[1]}:// address cannot be read as a feed.", "Download it, or copy it to a gs:// bucket."
        )
    path = Path(location)
    try:
        if path.is_dir():
            below = sorted(item for item in path.rglob("*") if item.is_file())
            hidden = [item for item in below if any(part[0] in "._" for part in item.relative_to(path).parts)]
            return _data_files(location, [str(item) for item in below if item not in set(hidden)])
        if not path.exists():
            raise FixFeed(f"There is no feed {location}.", "Check the path.")
        if not path.is_file():
            raise FixFeed(f"{location} is not a regular file.", "Save the feed as a file first.")
    except (OSError, ValueError) as error:
        raise _unreadable(location, error) from None
    return [location]


def open_binary(file: str, opener: FeedOpener | None) -> BinaryIO:
    """A seekable stream of one file's bytes. Raises FixFeed if it cannot be opened."""
    if file.startswith("gs://") and opener is not None:
        return opener.open(file)
    try:
        return Path(file).open("rb")
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from None


def _unreadable(file: str, error: Exception) -> FixFeed:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "the path is not valid"
    return FixFeed(f"{file} cannot be opened: {reason}.", "Check the path and its permissions.")


def _data_files(location: str, files: list[str]) -> list[str]:
    """The files of a folder that are one feed together: all Parquet, or all text."""
    named = [(file, file.rsplit("/", 1)[-1].lower()) for file in sorted(files)]
    kept = [(file, name) for file, name in named if name and name[0] not in "._"]
    parquet = [file for file, name in kept if name.endswith(_PARQUET)]
    text = [file for file, name in kept if name.endswith(_TEXT)]
    if parquet and text:
        raise FixFeed(
            f"{location} holds both Parquet and text files.", "Name one file, or keep one kind in the folder."
        )
    if not parquet and not text:
        raise FixFeed(f"{location} holds no feed file.", "Name a CSV, TSV or Parquet file, or a folder of them.")
    return parquet or text
