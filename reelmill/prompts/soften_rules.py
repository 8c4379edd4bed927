"""The rules of ``prompts/soften.toml``: how a filtered prompt is softened, by category of filter, step by step."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from reelmill.errors import FixConfiguration
from reelmill.toml import toml_tables

__all__ = ["FILE", "FilterRule", "SoftenRules", "SoftenStep", "load_soften_rules", "words_pattern"]

FILE = "soften.toml"
"""Its name in the prompts folder."""

_MOST_STEPS = 3
_SHORT = r"^[A-Za-z0-9][A-Za-z0-9 ,'\-]*$"  # plain words: no mark that could end a sentence or begin a template
_NO_TEMPLATE = re.compile(r"\{|\}|\[\[|\]\]")
_ENDS = (".", "!", "?")
_WORD = re.compile(r"[a-z0-9]+")

Words = Annotated[str, Field(min_length=1, max_length=120, pattern=_SHORT)]
Sentence = Annotated[str, Field(min_length=3, max_length=300)]
_FROZEN = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class SoftenStep(BaseModel):
    """One step. Words are whole words in any case; what is replaced may hold none of the words that it looks for."""

    model_config = _FROZEN

    drop: tuple[Words, ...] = Field((), description="Sentences with one of these words are left out.")
    cues: tuple[Words, ...] = Field((), description="Left out from `Sound:` to the end of its paragraph.")
    replace: Mapping[Words, Words] = Field(default_factory=dict, description="Words, and what stands for them.")
    say: tuple[Sentence, ...] = Field((), description="Sentences added at the end, unless they are there.")
    negative: tuple[Words, ...] = Field((), description="Terms added to the negative prompt, as nouns.")

    @field_validator("say")
    @classmethod
    def _plain_sentences(cls, say: tuple[str, ...]) -> tuple[str, ...]:
        for sentence in say:
            if "\n" in sentence or _NO_TEMPLATE.search(sentence) or not sentence.isprintable():
                raise ValueError(f"{sentence!r} must be plain text in one line")
            if not sentence.endswith(_ENDS):
                raise ValueError(f"{sentence!r} must end like a sentence")
        return say

    @model_validator(mode="after")
    def _stays_done(self) -> Self:
        """Taking the step twice must be the same as taking it once."""
        sought = (*self.drop, *self.cues, *self.replace)
        # A word that is put in stands beside others and may form a phrase with them; a sentence stands alone.
        again = sorted(_words_of(sought) & _words_of(self.replace.values()))
        pattern = words_pattern(sought)
        again += [match[0] for sentence in self.say if pattern and (match := pattern.search(sentence))]
        if again:
            raise ValueError(f"the step looks for {again[0]!r} and also writes it")
        return self


class FilterRule(BaseModel):
    """What is done about one category of filter: its steps, or why none of them would be honest."""

    model_config = _FROZEN

    retry: bool = Field(True, description="Whether other words may help at all.")
    why: str = Field("", max_length=300, description="Why not, for people.")
    step: tuple[SoftenStep, ...] = Field((), max_length=_MOST_STEPS, description="One after the other, per retry.")

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if not self.retry and (self.step or not self.why):
            raise ValueError("with retry = false, say why, and give no steps")
        return self


class SoftenRules(BaseModel):
    """The whole file. ``default`` serves every category that has no table of its own."""

    model_config = _FROZEN

    keep: tuple[str, ...] = Field((), description="Beginnings of sentences that are never left out.")
    default: FilterRule = Field(default_factory=FilterRule)
    category: Mapping[str, FilterRule] = Field(default_factory=dict)

    def rule(self, category: str) -> FilterRule:
        """What is done about ``category``."""
        return self.category.get(category, self.default)

    def texts(self) -> Iterable[str]:
        """Everything that softening may write into a prompt."""
        for rule in (self.default, *self.category.values()):
            for step in rule.step:
                yield from (*step.say, *step.replace.values())


def load_soften_rules(folder: Path, categories: Collection[str] = ()) -> SoftenRules:
    """Read ``soften.toml`` of a prompts folder; ``categories`` are those that filters can have, if given.

    Raises FixConfiguration naming the file and the field.
    """
    path = folder / FILE
    try:
        rules = SoftenRules.model_validate(toml_tables(path.read_text("utf-8")))
    except FileNotFoundError:
        raise FixConfiguration(
            f"{path}: is not there, but filtered clips shall be retried.",
            "Copy it from Reelmill's own catalogs/prompts, or set filtered_retries to 0.",
        ) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FixConfiguration(f"{path}: cannot be read: {error}.", "Correct the file.") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise FixConfiguration(f"{path}: {field}: {first['msg']}.", "docs/prompts.md describes each field.") from None
    unknown = sorted(set(rules.category) - set(categories)) if categories else []
    if unknown:
        raise FixConfiguration(
            f"{path}: category.{unknown[0]}: there is no such category of filter.",
            f"Choose from: {', '.join(sorted(categories))}.",
        )
    return rules


def words_pattern(phrases: Iterable[str]) -> re.Pattern[str] | None:
    """Any of the phrases as whole words, in any case and with any white space; None if there are none."""
    longest_first = sorted(phrases, key=len, reverse=True)
    if not longest_first:
        return None
    either = "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in longest_first)
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)


def _words_of(phrases: Iterable[str]) -> set[str]:
    return {word for phrase in phrases for word in _WORD.findall(phrase.casefold())}
