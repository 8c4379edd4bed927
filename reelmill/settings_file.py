"""``reelmill.toml``: settings for all, and sections ``[profile.NAME]``; ``REELMILL_PROFILE`` puts one in force."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reelmill.errors import FixConfiguration
from reelmill.signatures import hide_secrets
from reelmill.toml import toml_tables

__all__ = ["FILE", "PROFILE", "SettingsFile", "chosen_profile", "one_line", "read_settings_file", "shown", "spelled"]

FILE = "reelmill.toml"
"""The file's name; it is looked for in the working folder."""

PROFILE = "REELMILL_PROFILE"
"""The variable that chooses a profile. It is no setting: it is read before the settings are."""

_SECTIONS = "profile"
_LONGEST = 60  # characters of a name that an error repeats


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What the file says, unchecked; nothing if there is none, and then ``path`` is None."""

    path: Path | None
    top: Mapping[str, object]
    profiles: Mapping[str, Mapping[str, object]]

    def section(self, profile: str) -> Mapping[str, object]:
        """The settings of a profile; nothing for no profile. Raises FixConfiguration if there is no such profile."""
        if not profile:
            return {}
        if profile in self.profiles:
            return self.profiles[profile]
        if self.path is None:
            raise FixConfiguration(
                f"{PROFILE} chooses profile {shown(profile)}, and there is no {FILE} in {shown(Path.cwd(), 400)}.",
                f"Write it there with a section [profile.{shown(profile)}], or unset {PROFILE}.",
            )
        there = ", ".join(shown(name) for name in sorted(self.profiles)) or "none"
        raise FixConfiguration(
            f"{PROFILE} chooses profile {shown(profile)}, which {FILE} does not have; it has {there}.",
            f"Correct {PROFILE}, or add a section [profile.{shown(profile)}].",
        )

    def values(self, profile: str) -> dict[str, object]:
        """The settings with this profile in force: its section wins over the top. Raises FixConfiguration."""
        return {**self.top, **self.section(profile)}


def read_settings_file() -> SettingsFile:
    """The file in the working folder. Raises FixConfiguration if it cannot be read."""
    try:
        path = Path(FILE).absolute()
        if not path.is_file():
            return SettingsFile(None, {}, {})
        tables = toml_tables(path.read_text("utf-8-sig"))
    except OSError as error:
        raise FixConfiguration(f"{FILE} cannot be read ({error.strerror}).", "Mend its permissions.") from None
    except UnicodeDecodeError:
        raise FixConfiguration(f"{FILE} is no text in UTF-8.", "Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise FixConfiguration(f"{FILE} cannot be read: {error}.", "Correct it there.") from None
    profiles = tables.pop(_SECTIONS, {})
    if not isinstance(profiles, dict) or not all(isinstance(section, dict) for section in profiles.values()):
        raise FixConfiguration(
            f"Below {_SECTIONS}, {FILE} has something that is no section.",
            f"Write sections like [profile.staging], and choose one with {PROFILE}=staging.",
        )
    return SettingsFile(path, tables, profiles)


def chosen_profile() -> str:
    """The profile that the environment chooses; empty if it chooses none."""
    name = spelled(PROFILE)
    return os.environ[name].strip() if name else ""


def spelled(variable: str) -> str | None:
    """How the environment spells a variable, for its case does not count; None if it is not there."""
    return next((name for name in reversed(list(os.environ)) if name.lower() == variable.lower()), None)


def shown(text: object, limit: int = _LONGEST) -> str:
    """A text fit for a message: one line of at most ``limit`` characters, without what is secret in addresses."""
    return one_line(hide_secrets(str(text)), limit)


def one_line(text: str, limit: int) -> str:
    """A text without what ends a line or controls a terminal, at most ``limit`` characters long."""
    clean = "".join(char if char.isprintable() else "�" for char in text[: limit + 1])
    return clean if len(clean) <= limit else f"{clean[: limit - 1]}…"
