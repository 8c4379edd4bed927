"""``reelmill settings``: every setting, its effective value, and where it comes from."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from reelmill.cli.environment import unknown_names
from reelmill.cli.options import Json
from reelmill.cli.printing import WIDTH, count, out, print_json, print_text
from reelmill.errors import ExitCode
from reelmill.jobs.effective import Effective, EffectiveSettings, Origin, effective_settings
from reelmill.settings_file import FILE, PROFILE, shown

__all__ = ["settings"]

_NAME, _VALUE = 24, 36  # columns
_ROOM = WIDTH - 2 - _NAME


def settings(
    *,
    changed: Annotated[bool, Parameter(help="Only those that do not come from the defaults.", negative=())] = False,
    json: Json = False,
) -> int:
    """Show every setting, its effective value and where it comes from.

    Secrets are masked. A setting that is wrong is marked with the reason, and the exit code is 2.
    """
    found = effective_settings()
    groups = {
        title: [each for each in group if not changed or each.origin is not Origin.DEFAULT]
        for title, group in found.groups.items()
    }
    if json:
        print_json(_as_dict(found, groups))
    else:
        _print(out(), found, groups)
    return ExitCode.USAGE if found.wrong else ExitCode.OK


def _as_dict(found: EffectiveSettings, groups: dict[str, list[Effective]]) -> dict[str, Any]:
    return {
        "ok": not found.wrong,
        "profile": shown(found.profile) or None,
        "profiles": sorted(map(shown, found.file.profiles)),
        "file": shown(found.file.path, 4096) if found.file.path else None,
        "settings": {each.name: _row(title, each, found) for title, group in groups.items() for each in group},
        "warnings": unknown_names(),
    }


def _row(group: str, each: Effective, found: EffectiveSettings) -> dict[str, Any]:
    row = {"group": group, "value": each.value, "from": each.origin.value}
    if each.origin is Origin.ENVIRONMENT:
        row["variable"] = shown(each.variable)
    if each.origin is Origin.FILE:
        row |= {"path": shown(found.file.path, 4096), "section": each.section or None}
    return row | ({"problem": each.problem} if each.problem else {})


def _print(console: Console, found: EffectiveSettings, groups: dict[str, list[Effective]]) -> None:
    for line in _heading(found):
        print_text(console, line)
    for title, group in groups.items():
        if group:
            console.print(f"\n[bold]{title}[/]")
        for each in group:
            for line in _lines(each):
                console.print(line, markup=False, soft_wrap=True, style=_style(each))
    if not any(groups.values()):
        console.print("\nEvery setting is at its default.")
    if found.wrong:
        console.print(f"\n{count(found.wrong, 'setting')} wrong: correct each where it comes from (docs/settings.md).")


def _heading(found: EffectiveSettings) -> Iterator[str]:
    file, profiles = found.file, ", ".join(sorted(map(shown, found.file.profiles)))
    if file.path is None:
        yield f"There is no {FILE} in the working folder."
        return
    yield f"{FILE}: {shown(file.path, 4096)}"
    if found.profile:
        yield f"Profile in force: {shown(found.profile)}, of {profiles} ({PROFILE} chooses)"
    elif profiles:
        yield f"Profile in force: none, of {profiles} ({PROFILE} chooses)"


def _style(each: Effective) -> str | None:
    if each.problem:
        return "red"
    return "dim" if each.origin is Origin.DEFAULT else None


def _lines(each: Effective) -> list[str]:
    """Name, value and origin in columns; what does not fit stands below, and no line is longer than 100 columns."""
    value, origin = f"wrong: {each.problem}" if each.problem else _plain(each.value), _origin(each)
    name = f"  {each.name:<{_NAME}}"
    together = f"{value:<{_VALUE}}  {origin}"
    if len(together) <= _ROOM:
        return [name + together]
    parts = [*textwrap.wrap(value, _ROOM, break_on_hyphens=False), *textwrap.wrap(f"from {origin}", _ROOM)]
    return [f"{name if index == 0 else ' ' * len(name)}{part}" for index, part in enumerate(parts)]


def _plain(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value).removesuffix(".0")


def _origin(each: Effective) -> str:
    if each.origin is Origin.ENVIRONMENT:
        return f"environment {shown(each.variable)}"
    return f"{each.origin.value} [{each.section}]" if each.section else each.origin.value
