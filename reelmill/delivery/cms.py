"""Publishing to a CMS over HTTP: resumable, in pieces from disk, and the same bytes never twice.

The CMS is asked first, by content hash, whether it has the file, or how much of it. A broken upload goes on where the
CMS says that it is, in this process or in a later one.
"""

from __future__ import annotations

import base64
import hashlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from reelmill.delivery.deliverable import Deliverable
from reelmill.delivery.publishing import Receipt
from reelmill.delivery.tus import Answer, Broken, Content, TusClient
from reelmill.errors import FixConfiguration, FixDeliverable, TryLater
from reelmill.settings import Settings
from reelmill.storage.port import Storage
from reelmill.storage.scratch import own_disk, scratch_folder
from reelmill.webhooks.backoff import pause_s
from reelmill.webhooks.posting import trust
from reelmill.webhooks.receiver import Receiver
from reelmill.webhooks.signature import parse_secrets

__all__ = ["CmsPublisher", "cms_receiver"]

_READ = 1 << 16
_LONGEST_WORDS = 300  # characters of one metadata value: headers have bounds
_HAS, _MADE, _TOOK = (200, 204), (200, 201), (200, 204)
_NOT_HERE = (404, 405, 410, 501)
_CORRUPT = 460  # tus: the checksum does not fit
_REMEMBERED = 256


def cms_receiver(settings: Settings, timeout_s: float) -> Receiver:
    """The CMS of the settings; ``timeout_s`` is the deadline of one request to it, in seconds.

    Raises FixConfiguration if cms_url is missing or cannot be sent to, or the secret is none.
    """
    if not settings.cms_url:
        raise FixConfiguration(
            "No cms_url is set, so there is nowhere to publish to.",
            "Set REELMILL_CMS_URL to the address at which the CMS creates tus uploads.",
        )
    secret = settings.webhook_secret.get_secret_value()
    return Receiver(
        url=settings.cms_url,
        keys=parse_secrets(secret) if secret else (),
        timeout_s=timeout_s,
        private=settings.cms_private,
        setting="cms",
    )


@dataclass(slots=True)
class CmsPublisher:
    """A :class:`~reelmill.delivery.publishing.Publisher` to ``cms_url``; a context manager.

    ``pause`` waits so many seconds between two tries.
    """

    storage: Storage
    receiver: Receiver
    settings: Settings
    pause: Callable[[float], None] = time.sleep
    _client: TusClient = field(init=False)
    _hashed: dict[str, Content] = field(default_factory=dict)

    def __post_init__(self) -> None:
        token = self.settings.cms_token.get_secret_value()
        self._client = TusClient(self.receiver, token, trust(self.receiver))

    @classmethod
    def from_settings(cls, storage: Storage, settings: Settings) -> Self:
        """Raises FixConfiguration if cms_url is missing or cannot be sent to, or the secret is none."""
        return cls(storage, cms_receiver(settings, settings.cms_timeout_s), settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def target(self) -> str:
        """The CMS by its origin, and a digest of the rest of its address."""
        digest = hashlib.sha256(self.receiver.url.encode()).hexdigest()[:12]
        return f"cms:{self.receiver.origin}#{digest}"

    def publish(self, deliverable: Deliverable) -> Receipt:
        """Upload the file, or what is missing of it; nothing if the CMS has it."""
        known = self._hashed.get(deliverable.uri)  # several platforms may share a file
        if known is not None:
            receipt = _Upload(self, deliverable, known, None).had()
            if receipt is not None:
                return receipt
        with scratch_folder("video") as folder:
            path = folder / "video"
            self._fetch(deliverable, path)
            with path.open("rb") as file:
                content = Content(sha256=hashlib.file_digest(file, "sha256").hexdigest(), size=path.stat().st_size)
            if len(self._hashed) >= _REMEMBERED:
                self._hashed.clear()
            self._hashed[deliverable.uri] = content
            return _Upload(self, deliverable, content, path).run()

    def _fetch(self, deliverable: Deliverable, path: Path) -> None:
        try:
            with own_disk("video"):
                self.storage.download(self.storage.name(deliverable.uri), path)
        except FileNotFoundError:
            raise FixDeliverable(f"{deliverable.uri} is not there.", "Look what became of it.") from None
        except ValueError:
            raise FixDeliverable(
                f"{deliverable.uri} lies outside {self.storage.root}.", "Publish it with its own --output."
            ) from None

    def patiently(self, step: Callable[[], Receipt | None], progress: Callable[[], int]) -> Receipt | None:
        """Take a step until it ends; one that breaks without progress is tried ``cms_attempts`` times in a row."""
        failures, reached = 0, progress()
        while True:
            try:
                return step()
            except Broken as broken:
                failures = 1 if progress() > reached else failures + 1
                reached = max(reached, progress())
                if failures >= self.settings.cms_attempts:
                    raise TryLater(
                        f"{self.receiver.origin} takes no upload: {broken.said}.",
                        "Run the same command again: what the CMS has of it is kept.",
                    ) from None
                self.pause(
                    pause_s(
                        failures,
                        first_s=self.settings.cms_wait_s,
                        longest_s=self.settings.cms_wait_max_s,
                        chance=random.random(),  # noqa: S311 - jitter is no secret
                        asked_s=broken.asked_s,
                    )
                )


@dataclass(slots=True)
class _Upload:
    """One file on its way. ``address`` is that of the upload; ``offset`` is what the CMS has, in bytes."""

    cms: CmsPublisher
    one: Deliverable
    content: Content
    path: Path | None
    address: str = ""
    offset: int = 0
    sent: int = 0
    furthest: int = 0

    def had(self) -> Receipt | None:
        """A receipt if the CMS has the whole file already."""
        return self.cms.patiently(self._found, lambda: 0)

    def run(self) -> Receipt:
        """Upload to the end."""
        receipt = self.cms.patiently(self._go_on, lambda: self.furthest)
        assert receipt is not None
        return receipt

    def _go_on(self) -> Receipt:
        """From wherever it stands to the end, or to the next break."""
        if not self._resumed():
            receipt = self._found()
            if receipt is not None:
                return receipt
            if not self.address:
                self._create()
        while self.offset < self.content.size:
            self._send_piece()
        receipt = self._found()
        if receipt is None and self.offset < self.content.size:
            raise Broken("it says that it has not all of it")
        return receipt or self._receipt(self.address)

    def _resumed(self) -> bool:
        """Whether an upload that was begun goes on; where is up to the CMS."""
        if not self.address:
            return False
        answer = self._client.look(self.address, self.content)
        if answer.status not in _HAS or answer.offset is None:
            self.address, self.offset = "", 0  # it was given up there
            return False
        self._at(answer.offset)
        return True

    def _found(self) -> Receipt | None:
        """Ask by content: all of it is there, or a part (then that upload goes on), or nothing."""
        by_content = self._client.of_content(self.content)
        answer = self._client.look(by_content, self.content)
        if answer.status in _NOT_HERE:
            return None
        if answer.status not in _HAS:
            raise self._refused(answer)
        location = answer.headers.get("location", "")
        address = self._client.followed(location) if location else by_content
        if answer.offset == answer.length == self.content.size:
            self._at(self.content.size)
            return self._receipt(address)
        if location and answer.offset is not None and answer.length == self.content.size:
            self.address = address
            self._at(answer.offset)
        return None

    def _create(self) -> None:
        answer = self._client.create(self.content, _metadata(self.one, self.content))
        location = answer.headers.get("location", "")
        if answer.status not in _MADE or not location:
            raise self._refused(answer)
        self.address, self.offset = self._client.followed(location), 0

    def _send_piece(self) -> None:
        assert self.path is not None
        size = min(self.cms.settings.cms_piece_bytes, self.content.size - self.offset)
        piece = _piece(self.path, self.offset, size)
        answer = self._client.send(self.address, self.content, self.offset, piece, size)
        if answer.status == _CORRUPT or answer.status in _NOT_HERE:
            self.address, self.offset = "", 0
            raise Broken(answer.said)
        if answer.status not in _TOOK:
            raise self._refused(answer)
        if answer.offset is None or not self.offset < answer.offset <= self.offset + size:
            raise Broken("it does not say how much it took")
        self.sent += answer.offset - self.offset
        self._at(answer.offset)

    def _at(self, offset: int) -> None:
        if offset > self.content.size:
            raise FixDeliverable(
                f"{self.cms.receiver.origin} has more of {self.one.uri} than there is.", "Delete that upload there."
            )
        self.offset = offset
        self.furthest = max(self.furthest, offset)

    def _receipt(self, address: str) -> Receipt:
        bare = address.partition("?")[0]
        return Receipt(sha256=self.content.sha256, size=self.content.size, address=bare, sent=self.sent)

    def _refused(self, answer: Answer) -> FixDeliverable:
        return FixDeliverable(
            f"{self.cms.receiver.origin} does not take {self.one.uri}: {answer.said}.",
            "See what the CMS says of it; docs/delivery.md has the protocol.",
        )

    @property
    def _client(self) -> TusClient:
        return self.cms._client  # noqa: SLF001 - two halves of one thing


def _piece(path: Path, offset: int, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while size and (data := file.read(min(_READ, size))):
            size -= len(data)
            yield data


def _metadata(one: Deliverable, content: Content) -> str:
    """What the CMS is told of the file, as tus writes it: names, and values in base64."""
    values = {
        "filename": f"{one.key}.mp4",
        "filetype": "video/mp4",
        "sha256": content.sha256,
        "sku": one.sku,
        "item_group_id": one.item_group_id,
        "title": one.title,
        "campaign": one.campaign,
        "platform": one.platform,
        "variant": str(one.variant),
        "aspect_ratio": one.aspect_ratio,
        "duration_s": f"{one.duration_s:g}",
        "clip_id": one.clip_id,
        "intent_id": one.intent_id,
        "ai_generated": "true" if one.ai_generated else "false",
    }
    pairs = ((name, value[:_LONGEST_WORDS].encode()) for name, value in values.items() if value)
    return ",".join(f"{name} {base64.b64encode(value).decode()}" for name, value in pairs)
