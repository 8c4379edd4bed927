"""Settings in the environment or in reelmill.toml that nobody reads: a misspelt name is told, with the nearest one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from reelmill.errors import FixConfiguration
from reelmill.settings import Settings, variables
from reelmill.settings_file import FILE, PROFILE, SettingsFile, read_settings_file, shown

__all__ = ["LOG_LEVEL", "unknown_keys", "unknown_names", "unknown_settings"]

LOG_LEVEL = "REELMILL_LOG_LEVEL"
"""A variable that is no setting: it is read before the settings are."""

_PREFIX = "REELMILL_"
_MOST_KEYS = 20


def unknown_names() -> list[str]:
    """A sentence for each name, in the environment and in reelmill.toml, that is named like a setting and is none."""
    try:
        keys = list(unknown_keys(read_settings_file()))
    except FixConfiguration:
        keys = []  # whoever needs the file is told why it cannot be read
    return [*unknown_settings(os.environ), *keys]


def unknown_settings(names: Iterable[str]) -> Iterator[str]:
    """A sentence for each variable that is named like a setting and is none. Names count in any case."""
    known = {LOG_LEVEL, PROFILE, *_known()}
    for name in sorted(names):
        if name.upper().startswith(_PREFIX) and name.upper() not in known:
            bare = {setting.removeprefix(_PREFIX): setting for setting in known}  # the prefix is like in all of them
            yield f"{shown(name)} is no setting and is ignored; {_hint(name.upper().removeprefix(_PREFIX), bare)}"


def unknown_keys(file: SettingsFile) -> Iterator[str]:
    """A sentence for each key of the file that is no setting, whatever the profile; at most 20, then a count."""
    bare = {"profile": "a section [profile.NAME]"}
    for setting in Settings.model_fields:
        bare |= {variable.removeprefix(_PREFIX).lower(): setting for variable in variables(setting)} | {
            setting: setting
        }
    places = {FILE: file.top} | {f"{FILE} [profile.{shown(name)}]": keys for name, keys in file.profiles.items()}
    unknown = [
        (key, place) for place, keys in places.items() for key in sorted(keys) if key not in Settings.model_fields
    ]
    for key, place in unknown[:_MOST_KEYS]:
        name = shown(key)
        hint = _hint(name.lower().replace("-", "_").removeprefix(_PREFIX.lower()), bare)
        yield f"{name} in {place} is no setting and is ignored; {hint}"
    if len(unknown) > _MOST_KEYS:
        yield f"{len(unknown) - _MOST_KEYS:,} more keys in {FILE} are no settings and are ignored."


def _hint(bare_name: str, known: dict[str, str]) -> str:
    near = get_close_matches(bare_name, known, n=1)
    return f"did you mean {known[near[0]]}?" if near else "docs/settings.md lists them all."


def _known() -> Iterator[str]:
    for name in Settings.model_fields:
        yield f"{_PREFIX}{name}".upper()
        yield from (variable.upper() for variable in variables(name))
