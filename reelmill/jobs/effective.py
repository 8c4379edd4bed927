"""Every setting with its effective value, as it may be shown, and where that comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pydantic import SecretStr

from reelmill.setting_groups import setting_groups
from reelmill.settings import read_settings, variables
from reelmill.settings_file import FILE, SettingsFile, chosen_profile, one_line, read_settings_file, shown, spelled
from reelmill.signatures import hide_secrets

__all__ = ["MASKED", "Effective", "EffectiveSettings", "Origin", "effective_settings"]

MASKED = "******"
"""What stands for a secret."""

_ADDRESSES = ("ledger_url", "vertex_base_url", "storage_emulator_host")  # these may hold a user and a password
_SECRET_PATHS = ("webhook_url", "cms_url")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SQLITE = re.compile(r"sqlite(\+\w+)?:///")
_QUERY = re.compile(r"[?#].*", re.DOTALL)
_PATH = re.compile(r"(?:/(?=.)|[?#]).*", re.DOTALL)
_LONGEST = 2_000  # characters of a value

Shown = bool | int | float | Decimal | str | tuple[str, ...] | None
"""A value as it may be shown; None for one that is unset."""


class Origin(StrEnum):
    """The layer that a value comes from."""

    DEFAULT = "default"
    FILE = FILE
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Effective:
    """One setting. ``value`` is fit to be shown; None if it is unset, or wrong, and then ``problem`` says why."""

    name: str
    value: Shown
    origin: Origin
    variable: str = ""
    """The environment variable, where the value comes from one."""
    section: str = ""
    """The section of reelmill.toml, like ``profile.staging``; empty for its top."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class EffectiveSettings:
    """All settings by the title of their group, the profile in force (or empty), and the file that was read."""

    profile: str
    file: SettingsFile
    groups: dict[str, list[Effective]]

    @property
    def wrong(self) -> int:
        """How many settings are wrong."""
        return sum(bool(each.problem) for group in self.groups.values() for each in group)


def effective_settings() -> EffectiveSettings:
    """The settings as every command sees them before its options. One that is wrong does not hide the others.

    Raises FixConfiguration if reelmill.toml cannot be read or lacks the chosen profile.
    """
    file, profile = read_settings_file(), chosen_profile()
    section = file.section(profile)
    settings, wrong = read_settings()

    def effective(name: str) -> Effective:
        value = None if name in wrong else _fit(name, getattr(settings, name))
        problem = wrong.get(name, "")
        variable = next(filter(None, map(spelled, variables(name))), None)
        if variable:
            return Effective(name, value, Origin.ENVIRONMENT, variable=variable, problem=problem)
        if name in section:
            return Effective(name, value, Origin.FILE, section=f"profile.{shown(profile)}", problem=problem)
        return Effective(name, value, Origin.FILE if name in file.top else Origin.DEFAULT, problem=problem)

    groups = {title: [effective(name) for name in names] for title, names in setting_groups().items()}
    return EffectiveSettings(profile, file, groups)


def _fit(name: str, value: object) -> Shown:
    """The value with its secrets masked."""
    if isinstance(value, SecretStr):
        return MASKED if value.get_secret_value() else None
    if value is None or value in ("", ()):
        return None
    if isinstance(value, bool | int | float | Decimal):
        return value
    if isinstance(value, tuple):
        return tuple(shown(part) for part in value)
    if name in _SECRET_PATHS:
        return one_line(_origin(str(value)), _LONGEST)
    return one_line(_without_password(str(value)), _LONGEST) if name in _ADDRESSES else shown(value, _LONGEST)


def _origin(address: str) -> str:
    """Scheme, host and port; nothing at all of an address in which there may be a password."""
    scheme, slashes, rest = address.partition("//")
    if not slashes or "@" in address:
        return MASKED
    return f"{scheme}{slashes}{_PATH.sub('/…', rest)}"


def _without_password(address: str) -> str:
    """All up to the last @ may be a password, whatever it is made of; only SQLite's paths hold none."""
    scheme, slashes, rest = address.partition("//")
    if not _SCHEME.fullmatch(scheme):
        scheme, slashes, rest = "", "", address
    _, at, after = rest.rpartition("@")
    user, place = (f"{MASKED}@", after) if at and not _SQLITE.match(address) else ("", rest)
    return f"{scheme}{slashes}{user}{hide_secrets(_QUERY.sub('?…', place))}"
