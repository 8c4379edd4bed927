"""The settings in groups, as the reference page and ``reelmill settings`` list them."""

from __future__ import annotations

from reelmill.settings import Settings

__all__ = ["setting_groups"]

_GROUPS = {  # the setting that each group begins with, in the order of the page; comments in the classes say the same
    "project": "Google",
    "output": "What to make",
    "ledger_url": "Money",
    "quota_per_minute": "Pace",
    "inspect": "What comes back",
    "judge_model": "Whether it shows the product",
    "public_base_url": "Where it goes",
    "keep_orphans_days": "How long it stays",
    "webhook_url": "Who is told",
    "log_format": "Seeing it",
}


def setting_groups() -> dict[str, list[str]]:
    """The names of all settings, in the order of their class, by the title of their group."""
    groups: dict[str, list[str]] = {}
    for name in Settings.model_fields:
        if name in _GROUPS:
            groups[_GROUPS[name]] = []
        groups[next(reversed(groups))].append(name)
    return {title: groups[title] for title in _GROUPS.values()}
