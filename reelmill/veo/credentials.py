"""Who asks: application default credentials, a service-account key, or a static token for local use."""

from __future__ import annotations

import threading
from typing import Any

from reelmill.errors import FixConfiguration
from reelmill.google_login import google_login
from reelmill.settings import Settings
from reelmill.veo.endpoint import Endpoint

__all__ = ["TokenTrust", "load_credentials"]

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
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
    return google_login(settings.credentials_file, _SCOPE)[0]


def _static(token: str) -> Any:
    from google.oauth2.credentials import Credentials

    return Credentials(token=token)  # type: ignore[no-untyped-call] # google-auth is half typed


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
