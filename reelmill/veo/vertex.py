"""Veo on Vertex AI through google-genai: every mode, every submit sent once.

The library is used in its synchronous Vertex mode over our own transport. Measured on google-genai 2.34, its
other ways can send a paid request twice: the asynchronous client re-posts after a dropped connection when
aiohttp is importable, ``retry_options`` apply to submits, and redirects 307 and 308 are followed with the body.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

import httpx

from reelmill.clip import VideoRequest
from reelmill.errors import FixRequest
from reelmill.settings import Settings
from reelmill.veo.answers import accepted, poll_failure, poll_outcome, submit_failure
from reelmill.veo.backend import MediaInput
from reelmill.veo.credentials import TokenTrust, load_credentials
from reelmill.veo.endpoint import Endpoint
from reelmill.veo.outcomes import OperationGone, PollOutcome, Refusal, Refused, SubmitOutcome
from reelmill.veo.transport import Call, Shot, VertexTransport
from reelmill.veo.wording import config_of, source_of

__all__ = ["VertexBackend"]

_API_VERSION = "v1"
_POLL_ATTEMPTS = 3
_POLL_RETRY_S = 0.5
_POLL_RETRY_STATUS = [500, 502, 503, 504]
_OPERATION = re.compile(r"projects/[^/]+/locations/[^/]+/publishers/google/models/[^/]+/operations/[^/]+")


class VertexBackend:
    """Implements :class:`reelmill.veo.backend.VideoBackend`. Thread-safe; close it when done."""

    def __init__(
        self, endpoint: Endpoint, credentials: Any, *, submit_timeout_s: float = 60, poll_timeout_s: float = 30
    ) -> None:
        from google.genai import Client, types

        self._trust = TokenTrust(credentials)
        self._submit_timeout_s = submit_timeout_s
        self._poll_timeout_s = poll_timeout_s
        self._transport = VertexTransport(endpoint.base_url)
        self._http = httpx.Client(transport=self._transport, follow_redirects=False, timeout=submit_timeout_s)
        self._client = Client(
            vertexai=True,
            project=endpoint.project,  # both as arguments: without them the library posts to "/"
            location=endpoint.location,
            credentials=credentials,
            http_options=types.HttpOptions(
                base_url=endpoint.base_url,
                api_version=_API_VERSION,
                timeout=_milliseconds(submit_timeout_s),
                retry_options=types.HttpRetryOptions(attempts=1),
                httpx_client=self._http,
            ),
        )
        self._poll_config = types.GetOperationConfig(
            http_options=types.HttpOptions(
                timeout=_milliseconds(poll_timeout_s),
                retry_options=types.HttpRetryOptions(
                    attempts=_POLL_ATTEMPTS,
                    initial_delay=_POLL_RETRY_S,
                    max_delay=2 * _POLL_RETRY_S,
                    jitter=_POLL_RETRY_S,
                    http_status_codes=_POLL_RETRY_STATUS,
                ),
            )
        )

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises FixConfiguration (project, address) or FixAccess (credentials), each with its remedy."""
        endpoint = Endpoint.from_settings(settings)
        return cls(
            endpoint,
            load_credentials(settings, endpoint),
            submit_timeout_s=settings.submit_timeout_s,
            poll_timeout_s=settings.poll_timeout_s,
        )

    def close(self) -> None:
        """Close every connection."""
        self._client.close()
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def submit(
        self,
        request: VideoRequest,
        *,
        media: Mapping[str, MediaInput],
        storage_uri: str | None,
        labels: Mapping[str, str],
        before_send: Callable[[], bool],
    ) -> SubmitOutcome:
        """Send exactly one POST, or none. See :meth:`reelmill.veo.backend.VideoBackend.submit`.

        Raises nothing but what ``before_send`` itself raised, and then nothing was sent.
        """
        shot = Shot(time.monotonic() + self._submit_timeout_s, before_send=before_send)
        try:
            source = source_of(request, media)
            config = config_of(request, media, storage_uri, labels)
        except (FixRequest, ValueError) as error:
            return Refused(Refusal.BAD_REQUEST, 0, str(error))
        try:
            with self._transport.during(shot):
                operation = self._client.models.generate_videos(model=request.model, source=source, config=config)
        except Exception as error:  # noqa: BLE001 - whatever broke, its meaning depends on what had left
            if shot.failure is not None:
                raise shot.failure from None
            return self._judge_token(submit_failure(error, shot), shot)
        self._trust.accept()
        return accepted(operation)

    def poll(self, operation: str) -> PollOutcome:
        """Ask how an operation stands, by its stored name. Retries by itself within its deadline."""
        from google.genai import types

        if not _OPERATION.fullmatch(operation):
            return OperationGone("The stored name is no operation of a Google model; look at the output prefix.")
        call = Call(time.monotonic() + self._poll_timeout_s)
        try:
            handle = types.GenerateVideosOperation.model_validate({"name": operation})
            with self._transport.during(call):
                found = self._client.operations.get(handle, config=self._poll_config)
        except Exception as error:  # noqa: BLE001 - whatever broke, an unanswered poll is asked again
            if getattr(error, "code", None) == httpx.codes.UNAUTHORIZED:
                self._trust.reject(call.token)
            return poll_failure(error)
        self._trust.accept()
        return poll_outcome(found)

    def _judge_token(self, outcome: SubmitOutcome, shot: Shot) -> SubmitOutcome:
        """A 401 is a definite refusal: with a fresh token the same submit may pass, so it is worth another."""
        if not isinstance(outcome, Refused) or outcome.code != httpx.codes.UNAUTHORIZED:
            return outcome
        if not self._trust.reject(shot.token):
            return outcome
        return Refused(Refusal.NOT_SENT, outcome.code, "Google refused a stale access token; a fresh one is fetched.")


def _milliseconds(seconds: float) -> int:
    return max(1, math.ceil(seconds * 1000))
