"""What follows from a finding: nothing, a person's eye, rejection, or another attempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from reelmill.finish import Consequence
from reelmill.media.findings import Finding, FindingCode, Inspection, InspectionStatus, VideoFacts
from reelmill.media.likeness import Likeness
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
        likeness: Likeness | None = None,
    ) -> Inspection:
        """An inspection whose status follows from its findings."""
        nothing = Inspection(
            status=InspectionStatus.PASS, facts=facts, poster=poster, loudness=loudness, likeness=likeness
        )
        return self.judged_anew(nothing, findings)

    def judged_anew(self, inspection: Inspection, more: Iterable[Finding]) -> Inspection:
        """The inspection with more findings, and with what follows from all of them."""
        findings = (*inspection.findings, *more)
        remake = any(self.of(finding.code) is Consequence.REMAKE for finding in findings)
        return replace(inspection, findings=findings, status=self.status(findings), remake=remake)

    def status(self, findings: Iterable[Finding]) -> InspectionStatus:
        """As bad as the worst finding."""
        follows = {self.of(finding.code) for finding in findings}
        if follows & {Consequence.REJECT, Consequence.REMAKE}:
            return InspectionStatus.FAIL
        return InspectionStatus.REVIEW if Consequence.REVIEW in follows else InspectionStatus.PASS
