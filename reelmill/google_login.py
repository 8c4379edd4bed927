"""Who asks Google: the service-account key that the settings name, else application default credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reelmill.errors import FixAccess
from reelmill.scrub import scrub

__all__ = ["google_login"]


def google_login(key_file: Path | None, scope: str) -> tuple[Any, str | None]:
    """google-auth credentials for ``scope``, and the project that they belong to, if they say.

    They refresh themselves when they are used; nothing is sent yet, except to find the account that is attached to a
    machine of Google's. Raises FixAccess if there are none, or if they cannot be read.
    """
    return _default(scope) if key_file is None else _from_file(key_file, scope)


def _from_file(key_file: Path, scope: str) -> tuple[Any, str | None]:
    from google.auth.exceptions import GoogleAuthError
    from google.oauth2.service_account import Credentials

    try:
        found = Credentials.from_service_account_file(str(key_file), scopes=[scope])  # type: ignore[no-untyped-call] # google-auth is half typed
    except OSError as error:
        raise FixAccess(
            f"The service-account key {key_file} cannot be read ({error.strerror}).", "Correct credentials_file."
        ) from None
    except (ValueError, KeyError, GoogleAuthError):
        raise FixAccess(  # the parser's own words could quote the key
            f"{key_file} is no service-account key.",
            "Point credentials_file at a JSON key of a service account, or leave it empty and use "
            "application default credentials.",
        ) from None
    return found, found.project_id


def _default(scope: str) -> tuple[Any, str | None]:
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    try:
        return google.auth.default(scopes=[scope])
    except (GoogleAuthError, OSError, ValueError) as error:  # none, or a file named in the environment that is no key
        raise FixAccess(
            f"No Google credentials were found ({scrub(error, 200)}).",
            "Run `gcloud auth application-default login`, or set credentials_file to a service-account key, "
            "or run where a service account is attached.",
        ) from None
