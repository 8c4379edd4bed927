"""What follows from a finding: nothing, a person's eye, rejection, or another attempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reelmill.finish import Consequence
from reelmill.media.findings import Finding, FindingCode, Inspection, InspectionStatus, VideoFacts
from reelmill.media.loudness import Loudness

__all__ = ["Policy"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The consequence of each finding. Those that are not named reject what is not as paid, and review the rest.

    ``remake`` rejects, and recommends to pay for another attempt; whoever acts on it keeps to attempts and caps.
    """

    chosen: Mapping[FindingCode, Consequence] = field(default_factory=dict)

    def of(self, code: FindingCode) -> Consequence:
        """What follows from such a finding."""
        return self.chosen.get(code) or (Consequence.REJECT if code.fails else Consequence.REVIEW)

    def judged(
        self,
        findings: Iterable[Finding],
        facts: VideoFacts | None = None,
        poster: bytes | None = None,
        loudness: Loudness | None = None,
    ) -> Inspection:
        """An inspection whose status follows from its findings."""
        found = tuple(findings)
        return Inspection(
            status=self.status(found),
            findings=found,
            facts=facts,
            poster=poster,
            loudness=loudness,
            remake=any(self.of(finding.code) is Consequence.REMAKE for finding in found),
        )

    def status(self, findings: Iterable[Finding]) -> InspectionStatus:
        """As bad as the worst finding."""
        follows = {self.of(finding.code) for finding in findings}
        if follows & {Consequence.REJECT, Consequence.REMAKE}:
            return InspectionStatus.FAIL
        return InspectionStatus.REVIEW if Consequence.REVIEW in follows else InspectionStatus.PASS
