"""The policy for filtered clips, opened from settings and content."""

from __future__ import annotations

from reelmill.jobs.content import content_folder
from reelmill.prompts.soften import Softener
from reelmill.prompts.soften_rules import load_soften_rules
from reelmill.settings import Settings
from reelmill.veo.support import CATEGORIES

__all__ = ["open_softener"]


def open_softener(settings: Settings) -> Softener | None:
    """What retries filtered clips; None if nothing shall. Raises FixConfiguration if the content has no rules."""
    if not settings.filtered_retries:
        return None
    rules = load_soften_rules(content_folder(settings) / "prompts", CATEGORIES)
    return Softener(rules, settings.filtered_retries)
