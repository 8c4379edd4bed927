"""What ``reelmill doctor`` tries at the output root: to list, create, overwrite and read."""

from __future__ import annotations

from collections.abc import Callable

from reelmill.checkup import Check
from reelmill.errors import FixAccess, ReelmillError
from reelmill.settings import Settings
from reelmill.storage.open import open_storage
from reelmill.storage.port import Storage

__all__ = ["check_output", "check_storage"]

_PROBE = "reelmill-doctor.txt"  # one small object, kept: nothing here ever deletes
_CONTENT = b"Written by reelmill doctor to see that it can. It may be deleted.\n"


def check_output(uri: str, settings: Settings) -> list[Check]:
    """Open the output root and try it. Never raises for what an operator can mend."""
    try:
        storage = open_storage(uri, settings)
    except ReelmillError as error:
        return [Check("output", ok=False, detail=error.problem, fix=error.remedy)]
    return check_storage(storage)


def check_storage(storage: Storage) -> list[Check]:
    """List, create, overwrite and read back one small object below the root, and stop at what fails."""
    checks = []
    for name, step in (("list", _list), ("create", _create), ("overwrite", _overwrite), ("read", _read)):
        check = _try(f"output {name}", step, storage)
        checks.append(check)
        if not check.ok:
            break
    return checks


def _list(storage: Storage) -> str:
    storage.list(_PROBE)
    return f"objects below {storage.root} can be listed"


def _create(storage: Storage) -> str:
    fresh = storage.create(_PROBE, _CONTENT, "text/plain")
    return f"{storage.uri(_PROBE)} {'was written' if fresh else 'is there already'}"


def _overwrite(storage: Storage) -> str:
    storage.replace(_PROBE, _CONTENT, "text/plain")
    return "tables can be rewritten"


def _read(storage: Storage) -> str:
    if storage.read(_PROBE) != _CONTENT:
        raise FixAccess(f"{storage.uri(_PROBE)} does not hold what was just written.", "Use a folder of your own.")
    return "what was written reads back"


def _try(name: str, step: Callable[[Storage], str], storage: Storage) -> Check:
    try:
        return Check(name, ok=True, detail=step(storage))
    except FileNotFoundError:
        return Check(name, ok=False, detail="What was just written is gone.", fix="Use a folder of your own.")
    except ReelmillError as error:
        return Check(name, ok=False, detail=error.problem, fix=error.remedy)
