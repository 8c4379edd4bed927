"""Clips that need a person, as text with the exact next command, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from reelmill.cli.printing import count, money, print_text
from reelmill.cli.skus import only_option
from reelmill.clip import Clip
from reelmill.jobs.attention import Attention, Group, Step
from reelmill.ledger.records import Intent

__all__ = ["as_dict", "print_attention"]

_UNFIT = "unfit"
_ORPHAN = "orphan"


@dataclass(frozen=True, slots=True)
class _Advice:
    """What a group is called, what to do about it in words, and the commands for it."""

    title: str
    words: str = ""
    commands: tuple[str, ...] = ()


_ADVICE = {
    Step.SETTLE: _Advice(
        "whose end nobody knows yet",
        "Looking costs nothing. A run that still goes on does it by itself.",
        ("settle",),
    ),
    Step.DECIDE: _Advice(
        "that may have been paid, without a video so far",
        "Look again first: it is free, and a late video counts. The second command pays once more for the named clips, "
        "whatever became of the first payment.",
        ("settle", "redrive --authorise-unclear {ids}"),
    ),
    Step.WATCH: _Advice(
        "that may have been paid, and that nobody wants any more, or not here",
        "A changed clip was asked for since, or the product vanished from the feed; or these were asked for in a "
        "rehearsal and this is Google, or the other way round. Looking costs nothing, and a late video counts.",
        ("settle",),
    ),
    Step.REDRIVE: _Advice(
        "that failed, and may pass when asked again",
        "The price is shown before anything is sent.",
        ("redrive {only}",),
    ),
    Step.CHANGE: _Advice(
        "that would fail again as they are",
        "Change the prompt template, or the product's text or picture, as said below; then run the same command again. "
        "To ask for the same once more:",
        ("redrive {only}",),
    ),
    Step.REVIEW: _Advice(
        "that came back in part",
        "Keep what came, or pay for the whole clip again:",
        ("redrive --unfit {only}",),
    ),
}
_UNFIT_ADVICE = _Advice(
    "delivered, but found unfit by inspection",
    "Look at the video. Keep it, or pay for another:",
    ("redrive --unfit {only}",),
)
_ORPHAN_ADVICE = _Advice(
    "that no clip uses any more",
    "Nothing to do: keep them, or see what `reelmill prune` would delete. They stay in the books.",
)


def print_attention(console: Console, attention: Attention, suffix: str) -> None:
    """Each kind with what to do next and its first clips; ``suffix`` completes the commands."""
    for step in Step:
        if step in attention.steps:
            _print_group(console, attention.steps[step], _ADVICE[step], "clip", suffix)
    _print_group(console, attention.unfit, _UNFIT_ADVICE, "clip", suffix)
    _print_group(console, attention.orphans, _ORPHAN_ADVICE, "paid video", suffix)


def _print_group(console: Console, group: Group, advice: _Advice, noun: str, suffix: str) -> None:
    if not group.count:
        return
    amounts = [f"{money(amount)} {what}" for amount, what in _money(group) if amount]
    spent = f" ({', '.join(amounts)})" if amounts else ""
    console.print(f"[yellow]{count(group.count, noun)}[/] {advice.title}{spent}", soft_wrap=True)
    print_text(console, advice.words, indent=2, hang=0)
    for command in advice.commands:
        console.print(f"    reelmill {_filled(command, group.clips)}{suffix}", markup=False, soft_wrap=True)
    for clip, intent in group.clips:
        print_text(console, _line(clip, intent, with_videos=noun != "clip" or intent.state.delivered), indent=2)
    if group.count > len(group.clips):
        console.print(f"  … and {group.count - len(group.clips)} more; reelmill status --json lists them.")
    console.print()


def _money(group: Group) -> tuple[tuple[Any, str], ...]:
    return (group.charged_usd, "paid"), (group.reserved_usd, "reserved")


def _filled(command: str, clips: Sequence[tuple[Clip, Intent]]) -> str:
    skus = dict.fromkeys(clip.sku for clip, _ in clips)
    return command.format(only=only_option(skus), ids=" ".join(clip.clip_id for clip, _ in clips))


def _line(clip: Clip, intent: Intent, *, with_videos: bool) -> str:
    findings = [str(finding.get("message", "")) for finding in (intent.inspection or {}).get("findings", ())]
    said = " ".join([intent.error_message, *findings]).strip()
    where = f" {' '.join(intent.video_uris)}" if with_videos and intent.video_uris else ""
    kind = " (draft)" if intent.draft else ""
    head = f"{clip.sku}  {clip.request.aspect_ratio.value}  {intent.state.value}{kind}  {clip.clip_id}"
    return f"{head}: {said}{where}" if said or where else head


def as_dict(attention: Attention) -> dict[str, Any]:
    """The same for machines: ``attention``, ``unfit`` and ``orphans``, with totals that count every clip."""
    return {
        "attention": [
            _listed(clip, intent, step.value)
            for step in Step
            if step in attention.steps
            for clip, intent in attention.steps[step].clips
        ],
        "unfit": [_listed(clip, intent, _UNFIT) for clip, intent in attention.unfit.clips],
        "orphans": [_listed(clip, intent, _ORPHAN) for clip, intent in attention.orphans.clips],
        "waiting": attention.waiting,
        "kinds": {
            **{step.value: _total(attention.steps[step]) for step in Step if step in attention.steps},
            _UNFIT: _total(attention.unfit),
            _ORPHAN: _total(attention.orphans),
        },
    }


def _total(group: Group) -> dict[str, Any]:
    return {"count": group.count, "charged_usd": group.charged_usd, "reserved_usd": group.reserved_usd}


def _listed(clip: Clip, intent: Intent, next_step: str) -> dict[str, Any]:
    return {
        "clip_id": clip.clip_id,
        "intent_id": intent.intent_id,
        "run_id": intent.run_id,
        "sku": clip.sku,
        "aspect_ratio": clip.request.aspect_ratio.value,
        "draft": intent.draft,
        "state": intent.state.value,
        "next": next_step,
        "attempt": intent.attempt,
        "softening": intent.softening,
        "remake": intent.remake,
        "charged_usd": intent.charged_usd,
        "reserved_usd": intent.reserved_usd,
        "error_code": intent.error_code,
        "error_message": intent.error_message,
        "findings": [dict(finding) for finding in (intent.inspection or {}).get("findings", ())],
        "output_prefix": intent.output_prefix,
        "videos": list(intent.video_uris),
    }
