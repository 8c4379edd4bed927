"""The port to a video model, so that the protocol of money does not depend on who makes the videos."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from reelmill.clip import VideoRequest
from reelmill.veo.outcomes import PollOutcome, SubmitOutcome

__all__ = ["MediaInput", "VideoBackend"]


@dataclass(frozen=True, slots=True)
class MediaInput:
    """An image or video of a request as it is handed to the model: in Cloud Storage, or as bytes."""

    mime_type: str
    uri: str | None = None
    data: bytes | None = None


class VideoBackend(Protocol):
    """Submit once, poll as often as you like. Blocking: production calls it from threads."""

    def submit(
        self,
        request: VideoRequest,
        *,
        media: Mapping[str, MediaInput],
        storage_uri: str | None,
        labels: Mapping[str, str],
        before_send: Callable[[], bool],
    ) -> SubmitOutcome:
        """Send exactly one POST, or none.

        ``media`` resolves every reference in ``request.media``. ``storage_uri`` is the ``gs://`` prefix of the
        intent, None to get the bytes inline with the poll. ``before_send`` is asked immediately before the
        request leaves; False means the sender no longer owns the intent: send nothing, answer NOT_SENT.
        """
        ...

    def poll(self, operation: str) -> PollOutcome:
        """Ask how an operation stands, by its stored name; any machine may."""
        ...
