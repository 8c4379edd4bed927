"""Having a clip compared with its product's picture: permitted by the ledger, asked, recorded, turned into findings.

A verdict never endangers its clip. Whatever keeps one away (a cap, a quota, an error, no picture) leaves a clip that
is delivered with the finding ``not_judged``, which says why.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from reelmill.clip import Clip
from reelmill.errors import ReelmillError, TryLater
from reelmill.finish import Consequence
from reelmill.judging.gemini import Answered, Judge, refusal_words
from reelmill.judging.question import Question, words_for
from reelmill.judging.terms import ATTEMPTS, JudgeTerms
from reelmill.judging.verdict import ASPECTS, Grade
from reelmill.ledger.records import Intent
from reelmill.ledger.states import VerdictState
from reelmill.ledger.verdicts import AskedVerdict
from reelmill.media.findings import Finding, FindingCode
from reelmill.production.collecting import Landed
from reelmill.production.renditions import Made
from reelmill.production.studio import Studio
from reelmill.veo.backend import MediaInput
from reelmill.veo.images import ImageRefused, ImageUnreachable
from reelmill.veo.labels import request_labels
from reelmill.veo.outcomes import Refused, Unclear

__all__ = ["judge_clip"]

log = logging.getLogger(__name__)

_WORST_FIRST = ("fail", "review", "pass")
_OF_FILES = ("preview_uri", "renditions")  # what the record says of files that an unfit clip has none of


@dataclass(frozen=True, slots=True)
class _Heard:
    """A verdict as plain JSON values; None, and why, if there is none."""

    verdict: Mapping[str, Any] | None
    why: str = ""


def judge_clip(studio: Studio, clip: Clip, intent: Intent, landed: Landed) -> Landed:
    """What landed, with the verdict and its findings. A clip that is unfit already is not paid for again.

    Raises TryLater if the run is told to leave, or the ledger does not answer: the next look judges it.
    """
    if studio.judge is None or landed.inspection is None or landed.inspection["status"] not in ("pass", "review"):
        return landed
    if studio.stop.leaving:
        raise TryLater("The run was told to leave.", "Run `reelmill settle`; nothing was lost.")
    heard = _hear(studio, studio.judge, clip, intent, landed.frames)
    if heard.verdict is None:
        log.info("%s %s: not judged: %s", clip.sku, clip.request.aspect_ratio.value, heard.why)
    return _with_findings(studio, landed, heard)


def _hear(studio: Studio, judge: Judge, clip: Clip, intent: Intent, frames: tuple[bytes, ...]) -> _Heard:
    if not frames:
        return _Heard(None, "No frame of it could be kept.")
    try:
        picture = studio.media.picture_of(clip)
    except (ImageRefused, ImageUnreachable) as error:
        return _Heard(None, f"No picture of the product: {error.problem}")
    if picture is None:
        return _Heard(None, "No picture of the product is known.")
    try:
        return _ask(studio, judge, _question(studio, clip, intent, picture, frames), intent)
    except TryLater:
        raise
    except ReelmillError as error:  # a cap, no price any more, asked often enough
        return _Heard(None, error.problem)


def _question(studio: Studio, clip: Clip, intent: Intent, picture: MediaInput, frames: tuple[bytes, ...]) -> Question:
    labels = request_labels(
        run=intent.run_id, clip=clip.clip_id, sku=clip.sku, campaign=clip.campaign, intent=intent.intent_id
    )
    return Question(
        model=studio.settings.judge_model,
        words=words_for(clip),
        picture=picture,
        frames=frames,
        max_output_tokens=studio.settings.judge_max_output_tokens,
        labels=labels,
    )


def _ask(studio: Studio, judge: Judge, question: Question, intent: Intent) -> _Heard:
    """Ask until it is known what became of it, each time permitted anew.

    A database that goes away between answer and record costs that verdict its maximum, and the next look asks again.
    """
    ledger, why = studio.ledger, ""
    for _ in range(ATTEMPTS):
        terms = JudgeTerms.of(studio.settings, ledger.now().date())
        assert terms is not None, "who has a judge has its terms"
        asked = AskedVerdict(
            model=terms.model, price=terms.price, price_date=terms.as_of.isoformat(), most_usd=terms.most_usd
        )
        verdict = ledger.ask_verdict(intent.intent_id, asked, caps=studio.caps, at_most=ATTEMPTS)
        if verdict.state is VerdictState.ANSWERED:  # an earlier look, which died before it settled, asked
            return _Heard(verdict.answer)
        match judge.ask(question):
            case Refused() as refused:
                why = refusal_words(refused)
                ledger.close_verdict(verdict, refused=True, error=why)
                return _Heard(None, f"{why}.")
            case Unclear(reason):
                why = reason
                ledger.close_verdict(verdict, refused=False, error=why)
            case Answered() as answered:
                said = answered.verdict.to_dict() if answered.verdict is not None else None
                kept = ledger.answer_verdict(
                    verdict,
                    input_tokens=answered.input_tokens,
                    output_tokens=answered.output_tokens,
                    answer=said,
                    error=answered.problem,
                )
                return _Heard(kept.answer, f"{answered.problem or kept.error}.")
    return _Heard(None, why)


def _with_findings(studio: Studio, landed: Landed, heard: _Heard) -> Landed:
    assert landed.inspection is not None, "only what was looked at is judged"
    found = list(_findings(heard))
    follows = [_consequence(studio, finding, firm=firm) for finding, firm in found]
    status = landed.inspection["status"]
    if Consequence.REVIEW in follows:
        status = min(status, "review", key=_WORST_FIRST.index)
    unfit = bool({Consequence.REJECT, Consequence.REMAKE} & set(follows))
    record = {
        **landed.inspection,
        "status": "fail" if unfit else status,
        "findings": [*landed.inspection["findings"], *(finding.to_dict() for finding, _ in found)],
        "verdict": heard.verdict,
    }
    if Consequence.REMAKE in follows:
        record["recommended"] = "remake"
    if not unfit:
        return replace(landed, inspection=record)
    for name in _OF_FILES:  # they were made before the verdict: they lie there, and nothing points at them
        record.pop(name, None)
    return replace(landed, inspection=record, made=Made())


def _findings(heard: _Heard) -> list[tuple[Finding, bool]]:
    """Findings, each with whether the judge was sure."""
    if heard.verdict is None:
        return [(Finding(FindingCode.NOT_JUDGED, f"It was not compared with its product. {heard.why}"), True)]
    found = []
    for name in ASPECTS:
        said = heard.verdict[name]
        grade = Grade(said["grade"])
        absent = grade is Grade.NOT_VISIBLE and name == "shape"  # a product without a shape is not in the clip
        if grade in (Grade.WRONG, Grade.DOUBTFUL) or absent:
            words = f"{grade.value.replace('_', ' ').capitalize()}: {said['reason']}"
            found.append((Finding(FindingCode(f"product_{name}"), words), grade is Grade.WRONG))
    return found


def _consequence(studio: Studio, finding: Finding, *, firm: bool) -> Consequence:
    """What the brand's policy says; on a mere doubt nothing is rejected, a person looks."""
    follows = studio.finishing.policy().of(finding.code)
    return follows if firm or follows is Consequence.PASS else Consequence.REVIEW
