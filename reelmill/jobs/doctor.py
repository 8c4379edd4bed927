"""The doctor: everything a paid run depends on, tried without spending; each failure with its fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reelmill.checkup import Check
from reelmill.delivery.cms_check import check_cms
from reelmill.errors import ReelmillError
from reelmill.jobs.content import content_folder
from reelmill.jobs.engine import choose_output
from reelmill.ledger.ledger import Ledger
from reelmill.platforms import load_platforms, select_platforms
from reelmill.prompts.finding import Severity
from reelmill.prompts.lint import lint_catalogs
from reelmill.settings import Settings
from reelmill.storage.check import check_output
from reelmill.veo.preflight import veo_checks
from reelmill.veo.registry import Registry
from reelmill.webhooks.receiver import Receiver

__all__ = ["examine"]


def examine(settings: Settings, output: str) -> Iterator[Check]:
    """Every check, as it is made: content, ledger, caps, webhooks and CMS if they are set, output, then Google."""
    yield _tried("content", lambda: _content(settings))
    ledger, root = _ledger(settings, output)
    yield ledger
    yield _caps(settings)
    if settings.webhook_url:
        yield _tried("webhooks", lambda: _webhooks(settings))
    if settings.cms_url:
        yield _tried("cms", lambda: check_cms(settings))
    if root:
        yield from check_output(root, settings)
    try:
        registry = Registry.load(content_folder(settings) / "models.toml")
    except ReelmillError as error:
        yield Check("models", ok=False, detail=error.problem, fix=error.remedy)
        return
    yield from veo_checks(settings, registry)


def _tried(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except ReelmillError as error:
        return Check(name, ok=False, detail=error.problem, fix=error.remedy)


def _content(settings: Settings) -> Check:
    content = content_folder(settings)
    select_platforms(load_platforms(content / "platforms.toml"), list(settings.platforms))
    findings = lint_catalogs(content)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        first = errors[0]
        return Check("content", ok=False, detail=f"{first.template}: {first.message}", fix=first.remedy)
    return Check("content", ok=True, detail=f"{content} has platforms, brand and {len(findings)} lint warnings")


def _ledger(settings: Settings, output: str) -> tuple[Check, str]:
    try:
        ledger = Ledger.open(settings.ledger_url)
    except ReelmillError as error:
        return Check("ledger", ok=False, detail=error.problem, fix=error.remedy), output or settings.output
    try:
        differences, root = ledger.audit(), choose_output(output, settings, ledger)
    finally:
        ledger.close()
    if differences:
        fix = "Keep a copy of the ledger, stop all runs, and report the differences; caps may be off until then."
        return Check("ledger", ok=False, detail=differences[0], fix=fix), root
    return Check("ledger", ok=True, detail="opens, is migrated, and its budgets equal its intents and charges"), root


def _webhooks(settings: Settings) -> Check:
    receiver = Receiver.from_settings(settings)
    try:
        receiver.addresses()
    except OSError:
        fix = "Correct REELMILL_WEBHOOK_URL, or the name's entry in DNS."
        return Check("webhooks", ok=False, detail=f"the host of {receiver.origin} has no address", fix=fix)
    return Check("webhooks", ok=True, detail=f"go to {receiver.origin}, signed; try it with reelmill webhooks test")


def _caps(settings: Settings) -> Check:
    caps = {"run": settings.cap_run_usd, "day": settings.cap_day_usd, "month": settings.cap_month_usd}
    known = [f"{cap} USD a {name}" for name, cap in caps.items() if cap is not None]
    if known:
        return Check("caps", ok=True, detail=", ".join(known))
    fix = "Set REELMILL_CAP_DAY_USD, so that a mistake stops by itself."
    return Check("caps", ok=None, detail="no cap is set beside those given to a run", fix=fix)
