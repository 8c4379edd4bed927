"""Further attempts at a clip in the same run: a filtered one in softer words, an unfit one made anew.

Each is an attempt of its own, within its policy's bound and the caps.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from reelmill.clip import Clip
from reelmill.errors import RaiseCap, ReelmillError
from reelmill.ledger.records import Intent
from reelmill.production.remaking import may_be_remade
from reelmill.production.softening import may_be_softened
from reelmill.production.studio import Studio
from reelmill.production.work import TakenUp, Work

__all__ = ["Attempt", "with_retries"]

log = logging.getLogger(__name__)

Attempt = Callable[[Work], Awaitable[Intent | None]]
"""Makes one attempt to its end; None if the run stopped before. Raises TakenUp if another worker was first."""


async def with_retries(studio: Studio, work: Work, first: Intent, attempt: Attempt) -> list[Intent]:
    """Go on after ``first`` as long as a policy allows another attempt; all of them, the latest last.

    A reached cap closes the run, and another error stops it, as they do for a first attempt; what came of the clip so
    far was paid, and counts.
    """
    attempts = [first]
    while not studio.stop.closed and (retry := _next(studio, work, attempts[-1])) is not None:
        try:
            latest = await attempt(retry)
        except RaiseCap as error:
            studio.stop.close(error)
            break
        except TakenUp as error:
            log.warning("%s: %s", _name(work.clip), error)
            break
        except ReelmillError as error:
            studio.stop.request(error)
            break
        if latest is None:
            break
        attempts.append(latest)
    return attempts


def _next(studio: Studio, work: Work, latest: Intent) -> Work | None:
    clip = work.clip
    if may_be_softened(studio, clip, latest):
        log.info("%s: filtered, trying softer words", _name(clip))
        return Work(clip, after=latest.intent_id, soften=True, sources=work.sources, draft=latest.draft)
    if may_be_remade(studio, clip, latest):
        log.info("%s: unfit, making it anew", _name(clip))
        return Work(clip, after=latest.intent_id, remake=True, sources=work.sources, draft=latest.draft)
    return None


def _name(clip: Clip) -> str:
    return f"{clip.sku} {clip.request.aspect_ratio.value}"
