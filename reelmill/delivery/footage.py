"""What lies in storage of one clip or film, and which of its files a platform may be given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reelmill.clip import Clip
from reelmill.delivery.deliverable import Deliverable
from reelmill.delivery.lack import Lack
from reelmill.delivery.tally import Tally
from reelmill.delivery.terms import Terms
from reelmill.finish import Consequence
from reelmill.ledger.records import Intent
from reelmill.platforms import NativeRatio, Platform

__all__ = ["Footage"]

_FAILED = "rendition_failed"
_OFF_RULES = "rendition_off_rules"
_SAID = {_FAILED: "What was to be made for {} failed", _OFF_RULES: "For {} it has "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """A video (empty: none came back) and the ``renditions`` made of it, by platform.

    ``record`` is what inspection found, None if nobody looked; ``facts`` are those of the video itself, with its
    ``size`` in pixels and its length where they are not known.
    """

    ratio: NativeRatio
    video: str
    poster: str | None
    renditions: Mapping[str, str]
    record: Mapping[str, Any] | None
    facts: Mapping[str, Any]
    size: tuple[int, int] | None
    duration_s: float
    film: str = ""

    def deliverables(
        self, clip: Clip, intent: Intent, terms: Terms, counts: Tally, *, retired: bool
    ) -> Iterator[Deliverable]:
        """A file for each platform of the clip; those that get none are counted, with the reason."""
        for name in clip.platforms:
            platform = terms.platforms.get(name)
            lack = self._lack(name, platform, terms)
            # What is gone is listed to be taken away: no file of it is shown, so any will do.
            if platform is None or lack is Lack.NO_PLATFORM or (lack is not None and not (retired and self.video)):
                counts.lacking[lack or Lack.NO_PLATFORM, name] += not retired
                continue
            facts, size = self._facts(platform)
            yield Deliverable(
                sku=clip.sku,
                item_group_id=clip.item_group_id,
                title=clip.title,
                brand=clip.brand,
                category=clip.category,
                campaign=clip.campaign,
                platform=name,
                variant=clip.variant,
                uri=self.renditions.get(name) or self.video,
                poster_uri=self.poster,
                aspect_ratio=platform.ratio,
                width=int(facts.get("width") or size[0]),
                height=int(facts.get("height") or size[1]),
                size_bytes=facts.get("bytes"),
                duration_s=float(self.facts.get("duration_s") or self.duration_s),
                clip_id=clip.clip_id,
                intent_id=intent.intent_id,
                run_id=intent.run_id,
                film=self.film,
                retired=retired,
                split=terms.split,
            )

    def _lack(self, name: str, platform: Platform | None, terms: Terms) -> Lack | None:
        """What keeps the platform from getting a file; None if it gets one."""
        # A platform may have been given another ratio since: then this video is not for it any more.
        if platform is None or platform.native is not self.ratio:
            return Lack.NO_PLATFORM
        if self._found(_FAILED, name):
            return Lack.FAILED
        passes = terms.finish.findings.get(_OFF_RULES) is Consequence.PASS
        if self._found(_OFF_RULES, name) and not passes:
            return Lack.OFF_RULES
        if name in self.renditions:
            return None
        if terms.raw and self.video and not platform.derived:
            return None if passes or self._takes(platform) else Lack.OFF_RULES
        return Lack.NOT_LOOKED_AT if self.record is None and not self.film else Lack.NOT_MADE

    def _found(self, code: str, name: str) -> bool:
        """Whether inspection said so of the platform's file. Older records name the platform in words only."""
        said = _SAID[code].format(name)
        findings = (self.record or {}).get("findings", ())
        return any(
            one.get("code") == code and (one.get("platform") == name or str(one.get("message", "")).startswith(said))
            for one in findings
        )

    def _takes(self, platform: Platform) -> bool:
        """Whether the platform takes the video as it came, as far as its facts tell."""
        facts = {**self.facts, "s": self.facts.get("duration_s")}
        measured = {name: float(value) for name, value in facts.items() if isinstance(value, int | float)}
        codec = self.facts.get("video_codec") or platform.delivery.video_codec
        return codec == platform.delivery.video_codec and not any(platform.delivery.broken(measured))

    def _facts(self, platform: Platform) -> tuple[Mapping[str, Any], tuple[int, int]]:
        """What the record says of the platform's file, and its size in pixels where it says none."""
        own = platform.width, platform.height
        if platform.name not in self.renditions:
            return self.facts, self.size or own
        made = {one.get("platform"): one for one in (self.record or {}).get("renditions", ())}
        return made.get(platform.name, {}), own
