"""``reelmill doctor``: try everything that a paid run depends on, without spending."""

from __future__ import annotations

from reelmill.checkup import Check
from reelmill.cli.options import Json, ModelName, Output, settings_with
from reelmill.cli.printing import out, print_json, shown
from reelmill.errors import ExitCode
from reelmill.jobs.doctor import examine

__all__ = ["doctor"]

_MARKS = {True: "[green]ok[/]     ", None: "[yellow]warning[/]", False: "[red]failed[/] "}


def doctor(*, output: Output = "", model: ModelName = None, json: Json = False) -> int:
    """Check content, ledger, caps, webhooks, CMS, bucket, project, credentials, models, clock, prices, at no cost."""
    checks: list[Check] = []
    console = out()
    for check in examine(settings_with(model=model), output):
        checks.append(check)
        if not json:
            console.print(f"{_MARKS[check.ok]} {check.name}: {shown(check.detail)}")
            if check.fix and check.ok is not True:
                console.print(f"        fix: {shown(check.fix)}")
    failed = any(check.ok is False for check in checks)
    if json:
        rows = [{"name": c.name, "ok": c.ok, "detail": c.detail, "fix": c.fix} for c in checks]
        print_json({"ok": not failed, "checks": rows})
    return ExitCode.ERROR if failed else ExitCode.OK
