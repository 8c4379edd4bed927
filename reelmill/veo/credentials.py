"""Who asks: application default credentials, a service-account key, or a static token for local use."""

from __future__ import annotations

import threading
from typing import Any

from reelmill.errors import FixAccess, FixConfiguration
from reelmill.scrub import scrub
from reelmill.settings import Settings
from reelmill.veo.endpoint import Endpoint

__all__ = ["CLOUD_SCOPE", "TokenTrust", "load_credentials"]

CLOUD_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_REHEARSAL_TOKEN = "rehearsal"  # noqa: S105 - no secret: any word satisfies a simulator


def load_credentials(settings: Settings, endpoint: Endpoint) -> Any:
    """google-auth credentials for ``endpoint``; they refresh themselves when they are used.

    A loopback endpoint without a token gets a placeholder: a rehearsal needs no credentials, and real ones
    never go there. Raises FixAccess if there are none, FixConfiguration if they would travel unencrypted.
    """
    token = settings.vertex_token.get_secret_value()
    if token or endpoint.loopback:
        return _static(token or _REHEARSAL_TOKEN)
    if endpoint.scheme != "https":
        raise FixConfiguration(
            "Google credentials would travel unencrypted to vertex_base_url.",
            "Use https://, or set vertex_token to a token made for that server.",
        )
    if settings.credentials_file is not None:
        return _from_file(settings)
    return _default()


def _static(token: str) -> Any:
    from google.oauth2.credentials import Credentials

    return Credentials(token=token)  # type: ignore[no-untyped-call] # google-auth is half typed


def _from_file(settings: Settings) -> Any:
    from google.auth.exceptions import GoogleAuthError
    from google.oauth2 import service_account

    path = str(settings.credentials_file)
    try:
        load = service_account.Credentials.from_service_account_file
        return load(path, scopes=[CLOUD_SCOPE])  # type: ignore[no-untyped-call] # google-auth is half typed
    except OSError as error:
        raise FixAccess(
            f"The service-account key {path} cannot be read ({error.strerror}).", "Correct credentials_file."
        ) from None
    except (ValueError, KeyError, GoogleAuthError):
        raise FixAccess(  # the parser's own words could quote the key
            f"{path} is no service-account key.",
            "Point credentials_file at a JSON key of a service account, or leave it empty and use "
            "application default credentials.",
        ) from None


def _default() -> Any:
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    try:
        credentials, _project = google.auth.default(scopes=[CLOUD_SCOPE])
    except (GoogleAuthError, OSError, ValueError) as error:
        raise FixAccess(
            f"No Google credentials were found ({scrub(error, 200)}).",
            "Run `gcloud auth application-default login`, or set credentials_file to a service-account key, "
            "or run where a service account is attached.",
        ) from None
    return credentials


class TokenTrust:
    """Tells a token that went stale, which a fresh one cures, from credentials that are refused for good."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials
        self._lock = threading.Lock()
        self._rejected: str | None = None

    def accept(self) -> None:
        """Google accepted a token."""
        self._rejected = None

    def reject(self, token: str) -> bool:
        """Google answered 401 to ``token``; whether a fresh one is worth a try (it is fetched with the next call)."""
        with self._lock:
            first = self._rejected in (None, token)
            if not first or not self._renewable:
                return False
            self._rejected = token
            if self._credentials.token == token:
                self._credentials.token = None
            return True

    @property
    def _renewable(self) -> bool:
        from google.oauth2.credentials import Credentials

        static = isinstance(self._credentials, Credentials) and self._credentials.refresh_token is None
        return not static
