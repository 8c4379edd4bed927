"""How we reach Cloud Storage: the client, its patience, and its errors in Reelmill's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reelmill.errors import FixAccess, ReelmillError, TryLater
from reelmill.google_login import google_login
from reelmill.settings import Settings

if TYPE_CHECKING:
    from google.cloud.storage import Client

__all__ = ["READER", "WRITER", "bucket_missing", "make_client", "patience", "silent", "translated", "unreachable"]

READER = "roles/storage.objectViewer"
WRITER = "roles/storage.objectUser"

_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_CONNECTIONS = 64
_LONGEST_PAUSE_S = 3.0
_ADDRESS = re.compile(r"\S*://\S*")
_REFUSED = (401, 403)
_LOGIN = "Run `gcloud auth application-default login`, or set REELMILL_CREDENTIALS_FILE to a service-account key file."


def make_client(settings: Settings) -> Client:
    """A Cloud Storage client with the credentials that the settings choose. Raises FixAccess if there are none.

    An emulator gets no credentials at all. Nothing is sent yet.
    """
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client
    from requests.adapters import HTTPAdapter

    if settings.storage_emulator_host:
        options = {"api_endpoint": settings.storage_emulator_host.rstrip("/")}
        nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]  # google-auth types only part of itself
        client = Client(project=settings.project or "local", credentials=nobody, client_options=options)
    else:
        credentials, project = google_login(settings.credentials_file, _SCOPE)
        client = Client(project=settings.project or project, credentials=credentials)
    # Many clips share one client; the default of 10 pooled connections would reconnect (and warn) all the time.
    for scheme in ("http://", "https://"):
        client._http.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=_CONNECTIONS))  # noqa: SLF001 - the documented way
    return client


def patience(seconds: float, on_error: Callable[[Exception], None] | None = None) -> Any:
    """A retry policy that gives up after ``seconds``; only for calls that are the same made once or twice.

    ``on_error`` hears of every failed try; what it raises ends the waiting. Pauses are short, so that a Ctrl-C is
    acted on soon.
    """
    from google.api_core.retry import Retry
    from google.cloud.storage.retry import DEFAULT_RETRY

    longest = min(_LONGEST_PAUSE_S, seconds)
    predicate = DEFAULT_RETRY._predicate  # noqa: SLF001 - what is worth a retry is for its makers to say
    return Retry(predicate, initial=0.2, maximum=longest, multiplier=2.0, timeout=seconds, on_error=on_error)


@contextmanager
def translated(bucket: str, role: str) -> Iterator[None]:
    """Raise what Cloud Storage says in Reelmill's words. A missing object or a failed precondition passes as it is."""
    from google.api_core.exceptions import GoogleAPICallError, NotFound, PreconditionFailed, RetryError
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
    from requests.exceptions import RequestException

    try:
        yield
    except (NotFound, PreconditionFailed, ReelmillError):
        raise
    except GoogleAPICallError as error:
        raise _said(bucket, role, error.code, error.message) from None
    except InvalidResponse as error:
        raise _said(bucket, role, error.response.status_code, str(error)) from None
    except (RetryError, TransportError, RequestException, ConnectionError, DataCorruption) as error:
        raise unreachable(bucket, type(error).__name__) from None
    except GoogleAuthError as error:
        if error.retryable:
            raise unreachable(bucket, type(error).__name__) from None
        raise FixAccess(f"Google does not accept our credentials for bucket {bucket}.", _LOGIN) from None


def bucket_missing(bucket: str) -> FixAccess:
    """The error for a bucket that is not there."""
    return FixAccess(
        f"Bucket {bucket} does not exist.", f"Create it (`gcloud storage buckets create gs://{bucket}`) or correct it."
    )


def _said(bucket: str, role: str, code: int | None, message: str | None) -> ReelmillError:
    if code in _REFUSED:
        return FixAccess(
            f"Cloud Storage refused access to bucket {bucket} ({code}).",
            f"Grant {role} on gs://{bucket} to the account that runs this (`reelmill doctor` checks it).",
        )
    if code is None or code in (408, 429) or code >= 500:  # noqa: PLR2004 - HTTP: throttled, timed out, or their fault
        return unreachable(bucket, f"HTTP {code}")
    words = _ADDRESS.sub("…", message or "")[:200].strip()  # an address could be a signed one
    return FixAccess(
        f"Cloud Storage did not accept a request to bucket {bucket} ({code}): {words}.", "Run `reelmill doctor`."
    )


def silent(bucket: str) -> str:
    """What is waited for while Cloud Storage does not answer."""
    return f"Cloud Storage does not answer for bucket {bucket}"


def unreachable(bucket: str, why: str) -> TryLater:
    """The error for a service that does not answer, however long one waits."""
    return TryLater(f"{silent(bucket)} ({why}).", "Run the same command again later.")
