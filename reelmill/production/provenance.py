"""The provenance record: what lies beside the videos of a paid clip, for people, for labelling, and for the books.

It says what made the videos, from what, and what they cost, completely enough that the ledger's charge can be
rebuilt from it when the database is gone. It is written just before the charge is booked, so ``recorded_at``
stands for the time of settling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import zip_longest
from types import MappingProxyType
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

import reelmill
from reelmill.clip import Clip
from reelmill.ledger.records import ZERO, Intent, Settlement
from reelmill.ledger.recovering import PaidClip
from reelmill.ledger.verdicts import PaidVerdict
from reelmill.storage.names import safe_name

__all__ = ["NAME", "ProducedFile", "ProducedRendition", "ProducedVideo", "Provenance", "clip_folder", "prefix_leaf"]

NAME = "provenance.json"
"""Its name below the output prefix of its intent."""

_NONE: Mapping[str, str] = MappingProxyType({})
_ENDS = tuple(field.name for field in fields(Settlement) if field.name != "returned")


def clip_folder(clip: Clip) -> str:
    """Where all attempts at a clip lie, below the output root."""
    return f"clips/{safe_name(clip.sku)}/{clip.request.aspect_ratio.slug}"


def prefix_leaf(clip_id: str, attempt: int, intent_id: str) -> str:
    """The last part of an intent's output prefix: readable, and never shared by two intents."""
    return f"{clip_id[:12]}-{attempt}-{intent_id}"


class ProducedVideo(BaseModel):
    """A video and the digest of its bytes; None where it could not be read."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    uri: str
    sha256: str | None


class ProducedFile(BaseModel):
    """Another file that was made of a video, like its poster, and the digest of its bytes; None if it is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    uri: str
    sha256: str | None

    @classmethod
    def of(cls, uri: str | None, sha256: Mapping[str, str]) -> Self | None:
        """The file at ``uri`` with its digest, by address; None if there is none."""
        return cls(uri=uri, sha256=sha256.get(uri)) if uri else None


class ProducedRendition(BaseModel):
    """A file made of a video for a platform, and the digest of its bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    platform: str
    uri: str
    sha256: str | None


class Provenance(BaseModel):
    """One record. ``intent`` is as it stands once settled; its worker and lease are left out.

    ``returned`` videos came back and are paid: ``amount_usd`` = unit price (USD per second) x seconds x returned.
    What the intent was charged is that and its ``verdicts``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    version: Literal[1]
    generator: str
    ai_generated: Literal[True]
    recorded_at: AwareDatetime
    run_started_at: AwareDatetime
    returned: int
    amount_usd: Decimal
    videos: tuple[ProducedVideo, ...]
    renditions: tuple[ProducedRendition, ...] = ()  # records from before there were any have none
    verdicts: tuple[PaidVerdict, ...] = ()  # nor were there verdicts
    poster: ProducedFile | None = None  # older records name them elsewhere only, without digests
    preview: ProducedFile | None = None
    clip: Clip
    intent: Intent

    @classmethod
    def of(
        cls,
        clip: Clip,
        intent: Intent,
        settlement: Settlement,
        sha256: Sequence[str | None],
        run_started_at: datetime,
        *,
        rendition_sha256: Mapping[str, str] = _NONE,
        file_sha256: Mapping[str, str] = _NONE,
        verdicts: tuple[PaidVerdict, ...] = (),
    ) -> Self:
        """The record of an intent that is about to be settled so.

        ``sha256`` are the digests of its videos, in order, ``rendition_sha256`` by platform, ``file_sha256`` those of
        poster and preview by address.
        """
        now = datetime.now(UTC)
        amount = intent.unit_price_usd * intent.seconds * settlement.returned
        settled = replace(
            intent,
            owner="",
            lease_until=now,
            reserved_usd=ZERO,
            charged_usd=amount + sum((verdict.charged_usd for verdict in verdicts), ZERO),
            finished_at=now,
            **{name: getattr(settlement, name) for name in _ENDS},
        )
        return cls(
            version=1,
            generator=f"reelmill {reelmill.__version__}",
            ai_generated=True,
            recorded_at=now,
            run_started_at=run_started_at,
            returned=settlement.returned,
            amount_usd=amount,
            videos=tuple(
                ProducedVideo(uri=uri, sha256=digest)
                for uri, digest in zip_longest(settlement.video_uris, sha256[: len(settlement.video_uris)])
            ),
            renditions=tuple(
                ProducedRendition(platform=platform, uri=uri, sha256=rendition_sha256.get(platform))
                for platform, uri in sorted(settlement.renditions.items())
            ),
            verdicts=verdicts,
            poster=ProducedFile.of(settlement.poster_uri, file_sha256),
            preview=ProducedFile.of((settlement.inspection or {}).get("preview_uri"), file_sha256),
            clip=clip,
            intent=settled,
        )

    @property
    def paid(self) -> PaidClip:
        """What a ledger that does not know it has to add."""
        return PaidClip(
            clip=self.clip,
            intent=self.intent,
            returned=self.returned,
            run_started_at=self.run_started_at,
            verdicts=self.verdicts,
        )

    @property
    def settlement(self) -> Settlement:
        """How the intent was settled."""
        return Settlement(returned=self.returned, **{name: getattr(self.intent, name) for name in _ENDS})
