"""Storage in a local folder: durable, atomic, and never outside its root."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from reelmill.errors import FixAccess, FixConfiguration, TryLater
from reelmill.storage.names import PRIVATE_PREFIX, check_name, check_prefix
from reelmill.storage.port import StoredObject

__all__ = ["LocalStorage"]

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO}


class LocalStorage:
    """A :class:`~reelmill.storage.port.Storage` in a folder, which is made when something is first written."""

    def __init__(self, root: Path) -> None:
        try:
            self._root = root.expanduser().resolve()
            str(self._root).encode()  # a name that is no text cannot stand in the ledger
        except (RuntimeError, OSError, ValueError):  # ~somebody without a home, links in a circle, no characters
            raise FixConfiguration(f"The output {str(root)!r} names no folder.", "Write its path out.") from None

    @property
    def root(self) -> str:
        """The absolute folder."""
        return str(self._root)

    @property
    def is_cloud(self) -> bool:
        """Never: Veo cannot write to a local folder."""
        return False

    def uri(self, name: str) -> str:
        """The absolute path of an object name."""
        return str(self._root / check_name(name))

    def name(self, uri: str) -> str:
        """The object name of an absolute path. Raises ValueError for one outside the root."""
        try:
            return check_name(Path(uri.removeprefix("file://")).relative_to(self._root).as_posix())
        except (ValueError, FixConfiguration):
            raise ValueError(f"{uri!r} is not below {self.root}") from None

    def list(self, prefix: str) -> list[StoredObject]:
        """Every object whose name starts with ``prefix``, sorted by name. Links are not followed."""
        folder = self._root / check_prefix(prefix).rpartition("/")[0]
        with _translated(folder):
            if not self._holds(folder):
                return []
            return sorted(self._below(folder, prefix), key=lambda found: found.name)

    def read(self, name: str) -> bytes:
        """The bytes of an object. Raises FileNotFoundError."""
        with self._opened(name) as file:
            return file.read()

    def download(self, name: str, target: Path) -> None:
        """Copy an object into a local file, which appears whole or not at all. Raises FileNotFoundError."""
        with self._opened(name) as file, _translated(target):
            _publish(target, lambda out: shutil.copyfileobj(file, out, 1 << 20), os.replace)

    def create(self, name: str, data: bytes, content_type: str) -> bool:
        """Write a new object; False (and nothing written) if it exists already."""
        del content_type  # a folder keeps none
        target = self._target(name)
        with _translated(target):
            if os.path.lexists(target):
                return False
            try:
                _publish(target, lambda out: out.write(data), _link_new)
            except FileExistsError:
                return False
        return True

    def replace(self, name: str, data: bytes, content_type: str) -> None:
        """Write an object, over an older one if there is one."""
        del content_type
        target = self._target(name)
        with _translated(target):
            _publish(target, lambda out: out.write(data), os.replace)

    def upload(self, name: str, source: Path, content_type: str) -> None:
        """Like :meth:`replace`, with the bytes of a local file."""
        del content_type
        target = self._target(name)
        with _translated(target), source.open("rb") as file:
            _publish(target, lambda out: shutil.copyfileobj(file, out, 1 << 20), os.replace)

    def delete(self, name: str) -> bool:
        """Delete an object; False if there was none. What a link points at stays."""
        path = self._root / check_name(name)
        with _translated(path):
            if not self._holds(path.parent):
                raise FixAccess(f"{path.parent} leads outside {self.root}.", "Remove that symbolic link.")
            if path.is_dir() and not path.is_symlink():
                return False
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError):
                return False
            _sync_folder(path.parent)
        return True

    def _below(self, folder: Path, prefix: str) -> Iterator[StoredObject]:
        for parent, _, files in os.walk(folder, onerror=_raise_unless_gone):
            for file in files:
                path = Path(parent, file)
                name = path.relative_to(self._root).as_posix()
                if not name.startswith(prefix) or file.startswith(PRIVATE_PREFIX) or path.is_symlink():
                    continue
                try:
                    size = path.stat().st_size
                except FileNotFoundError:  # deleted since its folder was read
                    continue
                yield StoredObject(name, str(path), size)

    @contextmanager
    def _opened(self, name: str) -> Iterator[BinaryIO]:
        path = self._root / check_name(name)
        with _translated(path):
            if not self._holds(path):
                raise FileNotFoundError(str(path))
            try:
                file = path.open("rb")
            except (IsADirectoryError, NotADirectoryError):
                raise FileNotFoundError(str(path)) from None
            with file:
                yield file

    def _target(self, name: str) -> Path:
        path = self._root / check_name(name)
        with _translated(path.parent):
            _make_folder(path.parent)
            if not self._holds(path.parent):
                raise FixAccess(f"{path.parent} leads outside {self.root}.", "Remove that symbolic link.")
        return path

    def _holds(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self._root)


def _publish(target: Path, write: Callable[[BinaryIO], object], put: Callable[[Path, Path], None]) -> None:
    """Write a file beside the target, force it to the disk, and put it there in one step."""
    part = target.with_name(f"{PRIVATE_PREFIX}{uuid.uuid4().hex}.part")
    try:
        with part.open("xb") as out:
            write(out)
            out.flush()
            os.fsync(out.fileno())
        put(part, target)
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(target.parent)


def _link_new(part: Path, target: Path) -> None:
    """Put the file there only if nothing is; raises FileExistsError."""
    try:
        os.link(part, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # No hard links here (FAT, some shares): one writer of a folder at a time, so that looking and putting it there
        # are one step. A name claimed by an empty file would stay claimed, and empty, if its writer were killed.
        with target.with_name(f"{PRIVATE_PREFIX}turn").open("ab") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # until it is closed, or its process is gone
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
            part.replace(target)


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each durably. Raises FixAccess where none can be made at all."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    try:
        folder.mkdir(exist_ok=True)
    except FileNotFoundError as error:  # what is above it is there, so this place takes no folders
        raise FixAccess(
            f"{folder}: no folder can be made in {folder.parent}.", "Choose another output folder."
        ) from error
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _raise_unless_gone(error: OSError) -> None:
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Say a failing disk in Reelmill's words; a missing file stays FileNotFoundError."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise TryLater(
                f"{path}: {error.strerror}.", "Free some space or mend the disk, then run the same command again."
            ) from None
        raise FixAccess(
            f"{path}: {error.strerror}.", "Let this user write there, or choose another output folder."
        ) from None
