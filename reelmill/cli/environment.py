"""Settings in the environment that nobody reads: a misspelt name is told, with the nearest one that exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from pydantic import AliasChoices

from reelmill.settings import Settings

__all__ = ["LOG_LEVEL", "unknown_settings"]

LOG_LEVEL = "REELMILL_LOG_LEVEL"
"""The one variable that is no setting: it is read before the settings are."""

_PREFIX = "REELMILL_"


def unknown_settings(names: Iterable[str]) -> Iterator[str]:
    """A sentence for each variable that is named like a setting and is none. Names count in any case."""
    known = {LOG_LEVEL, *_known()}
    for name in sorted(names):
        if name.upper().startswith(_PREFIX) and name.upper() not in known:
            bare = {setting.removeprefix(_PREFIX): setting for setting in known}  # the prefix is like in all of them
            near = get_close_matches(name.upper().removeprefix(_PREFIX), bare, n=1)
            hint = f"did you mean {bare[near[0]]}?" if near else "docs/settings.md lists them all."
            yield f"{name} is no setting and is ignored; {hint}"


def _known() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        yield f"{_PREFIX}{name}".upper()
        if isinstance(field.validation_alias, AliasChoices):
            yield from (str(choice).upper() for choice in field.validation_alias.choices)
