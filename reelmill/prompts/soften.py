"""Softening a filtered prompt: pure text work after the rules of ``soften.toml``.

A step only leaves sentences out, puts listed words for listed words and adds listed sentences, so that nothing
from a feed can come in. Sentences that name the product, and those that the rules keep, are never left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from reelmill.clip import VideoRequest
from reelmill.prompts.soften_rules import SoftenRules, SoftenStep, words_pattern
from reelmill.prompts.text import TOKEN_BOUND, clean, estimate_tokens

__all__ = ["NotSoftened", "Softened", "Softener", "take_step"]

_PICTURE = "picture"
_NAME = "\x1f"  # stands for the product's name meanwhile; a control character: no prompt holds one
_BETWEEN = re.compile(r"(?<=[.!?])\s+")
_MOST_NAME = 40  # characters: templates cut long names


@dataclass(frozen=True, slots=True)
class Softened:
    """What the next attempt sends."""

    prompt: str
    negative_prompt: str


@dataclass(frozen=True, slots=True)
class NotSoftened:
    """Why there is no next attempt, as the end of a sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class Softener:
    """The policy: at most ``retries`` retries of a filtered clip, each one step softer than the attempt before."""

    rules: SoftenRules
    retries: int

    def next(self, sent: VideoRequest, *, title: str, causes: Sequence[str], done: int) -> Softened | NotSoftened:
        """The words after ``sent`` was filtered for ``causes`` (``side:category``), with ``done`` retries before it."""
        if done >= self.retries:
            return NotSoftened(
                f"it was retried {done} times with softened prompts, as often as filtered_retries allows"
            )
        if refusal := self._hopeless(causes):
            return NotSoftened(refusal)
        prompt, negative = sent.prompt, sent.negative_prompt
        for category in dict.fromkeys(_category(cause) for cause in causes):
            for step in self.rules.rule(category).step[: done + 1]:
                prompt, negative = take_step(step, prompt, negative, title=title, keep=self.rules.keep)
        if (prompt, negative) == (sent.prompt, sent.negative_prompt):
            return NotSoftened("no step of soften.toml changes this prompt any more")
        return Softened(prompt, negative)

    def _hopeless(self, causes: Sequence[str]) -> str:
        if not causes:
            return "nothing is known of what the filter struck"
        if any(cause.partition(":")[0] == _PICTURE for cause in causes):
            return "the filter struck the picture, which other words do not change"
        rules = ((category, self.rules.rule(category)) for category in map(_category, causes))
        return next((f"{category}: {rule.why.rstrip('.')}" for category, rule in rules if not rule.retry), "")


def take_step(
    step: SoftenStep, prompt: str, negative: str, *, title: str = "", keep: Sequence[str] = ()
) -> tuple[str, str]:
    """Prompt and negative prompt after one step. Taking the same step again changes nothing.

    The prompt gets no longer than Google documents (or than it was, if that is more): what does not fit is left
    as it is. A prompt of which nothing would be left stays whole.
    """
    bound = max(TOKEN_BOUND, estimate_tokens(prompt))
    softened = _reworded(prompt, _Words.of(step), _short_name(title), tuple(keep))
    if not softened.strip():
        return prompt, negative
    if estimate_tokens(softened) > bound:
        softened = prompt
    for sentence in step.say:
        if sentence not in softened and estimate_tokens(f"{softened}\n{sentence}") <= bound:
            softened = f"{softened}\n{sentence}"
    return softened, _avoided(negative, step.negative)


@dataclass(frozen=True, slots=True)
class _Words:
    """A step's words, compiled."""

    drop: re.Pattern[str] | None
    cue: re.Pattern[str] | None
    sought: re.Pattern[str] | None
    stands_for: Callable[[re.Match[str]], str]

    @staticmethod
    def of(step: SoftenStep) -> _Words:
        return _compiled(step.drop, step.cues, tuple(step.replace.items()))


@lru_cache(maxsize=256)
def _compiled(drop: tuple[str, ...], cues: tuple[str, ...], replace: tuple[tuple[str, str], ...]) -> _Words:
    cue = words_pattern(cues)
    instead = {" ".join(old.casefold().split()): new for old, new in replace}

    def stands_for(match: re.Match[str]) -> str:
        new = instead.get(" ".join(match[0].casefold().split()), match[0])
        return new[0].upper() + new[1:] if match[0][0].isupper() else new

    return _Words(
        drop=words_pattern(drop),
        cue=re.compile(rf"(?:\A|(?<=[.!?])\s+){cue.pattern}\s*:.*\Z", re.IGNORECASE | re.DOTALL) if cue else None,
        sought=words_pattern(old for old, _ in replace),
        stands_for=stands_for,
    )


def _short_name(title: str) -> str:
    """As much of the product's name as every template shows."""
    name = clean(title)
    return name if len(name) <= _MOST_NAME else name[:_MOST_NAME].rpartition(" ")[0] or name[:_MOST_NAME]


def _reworded(prompt: str, words: _Words, name: str, keep: tuple[str, ...]) -> str:
    """The prompt without what goes and with what stands for other words, paragraph by paragraph."""
    if _NAME in prompt:
        name = ""
    text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", _NAME, prompt) if name else prompt
    lines = ((line, _paragraph(line, words, keep)) for line in text.split("\n"))
    softened = "\n".join(after for before, after in lines if after or not before)
    return softened.replace(_NAME, name) if name else softened


def _paragraph(text: str, words: _Words, keep: tuple[str, ...]) -> str:
    if words.cue is not None and (cue := words.cue.search(text)) and not _kept(cue[0], keep):
        text = text[: cue.start()]
    if words.drop is not None and words.drop.search(text):
        sentences = _BETWEEN.split(text)
        left = [sentence for sentence in sentences if not _goes(sentence, words.drop, keep)]
        text = " ".join(left) if len(left) < len(sentences) else text
    return words.sought.sub(words.stands_for, text) if words.sought is not None else text


def _kept(text: str, keep: tuple[str, ...]) -> bool:
    return any(_NAME in sentence or sentence.startswith(keep) for sentence in _BETWEEN.split(text))


def _goes(sentence: str, drop: re.Pattern[str], keep: tuple[str, ...]) -> bool:
    return drop.search(sentence) is not None and not _kept(sentence, keep)


def _avoided(negative: str, terms: Sequence[str]) -> str:
    """The negative prompt with these terms too, as far as they fit."""
    bound = max(TOKEN_BOUND, estimate_tokens(negative))
    there = {term.strip().casefold() for term in negative.split(",")}
    for term in terms:
        longer = f"{negative}, {term}" if negative else term
        if term.casefold() not in there and estimate_tokens(longer) <= bound:
            negative = longer
            there.add(term.casefold())
    return negative


def _category(cause: str) -> str:
    return cause.partition(":")[2]
