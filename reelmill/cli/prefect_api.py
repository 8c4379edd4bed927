"""The REST interface of the Prefect server that this shell is set up for: the engine itself imports no Prefect."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from reelmill.errors import FixAccess, FixConfiguration, TryLater

__all__ = ["prefect_api", "prefect_command"]

_SERVED_HERE = "http://127.0.0.1:4200/api"  # where reelmill serve puts it
_TIMEOUT_S = 30
_REFUSED = (401, 403)


def prefect_command(*arguments: str) -> list[str]:
    """The ``prefect`` command line of this installation."""
    return [sys.executable, "-m", "prefect", *arguments]


@contextmanager
def prefect_api() -> Iterator[httpx.Client]:
    """A client of the server that ``prefect config view`` names, with its credentials; else of ``reelmill serve``'s.

    Raises TryLater if nobody answers there, FixAccess if we are refused, FixConfiguration if it is no Prefect server.
    """
    settings = _prefect_settings()
    url = settings.get("PREFECT_API_URL") or _SERVED_HERE
    try:
        with httpx.Client(base_url=url, headers=_credentials(settings), timeout=_TIMEOUT_S) as client:
            yield client
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise FixConfiguration(f"{url} is no Prefect API.", "Set PREFECT_API_URL; does it end in /api?") from None
    except httpx.TransportError as error:
        raise TryLater(
            f"No Prefect server answers at {url} ({type(error).__name__}).",
            "Start one (reelmill serve), or set PREFECT_API_URL to yours.",
        ) from None
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status in _REFUSED:
            raise FixAccess(f"The Prefect server refused us ({status}).", "Run prefect cloud login.") from None
        raise TryLater(f"The Prefect server answered {status}.", "Try again; if it stays, see its log.") from None


def _prefect_settings() -> Mapping[str, str]:
    """What the environment and the active Prefect profile say."""
    command = prefect_command("config", "view", "--show-secrets", "--hide-sources", "--output", "json")
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own command, no shell
    try:
        listed = json.loads(done.stdout)["settings"]
        return {each["name"]: each["value"] for each in listed if each["value"] not in ("", "None", None)}
    except (ValueError, LookupError, TypeError):
        raise FixConfiguration(
            "prefect config view did not tell its settings.", "Run it by hand to see why, and mend the Prefect profile."
        ) from None


def _credentials(settings: Mapping[str, str]) -> dict[str, str]:
    from base64 import b64encode

    if key := settings.get("PREFECT_API_KEY"):
        return {"Authorization": f"Bearer {key}"}
    if pair := settings.get("PREFECT_API_AUTH_STRING"):
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    return {}
