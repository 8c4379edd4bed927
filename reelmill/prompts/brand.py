"""The brand's rules, from ``brand.toml``: they reach every prompt and every negative prompt."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reelmill.errors import FixConfiguration
from reelmill.finish import Finish
from reelmill.toml import toml_tables

__all__ = ["Brand", "BrandRules", "load_brand"]

Words = Annotated[str, Field(max_length=400)]
Terms = tuple[Annotated[str, Field(min_length=1, max_length=120)], ...]


class BrandRules(BaseModel):
    """What holds for every film, or, below ``[category.<folder>]``, for the films of one category."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    voice: Words = Field("", description="The mood that a film speaks with, like `calm and unhurried`.")
    look: Words = Field("", description="The picture: lenses, grade, texture, time of day.")
    palette: Terms = Field((), description="Colours of the surroundings; the product keeps its own.")
    always_shown: Terms = Field((), description="What every film shows, as nouns.")
    never_shown: Terms = Field((), description="What no film may show, as nouns; it goes to the negative prompt.")
    forbidden_words: Terms = Field((), description="Words that may stand in no prompt; a clip with one is blocked.")
    negative: Terms = Field((), description="Further terms for the negative prompt, as nouns.")
    negative_sound: Terms = Field((), description="Terms for the negative prompt of films with sound.")

    def overridden(self, by: BrandRules) -> BrandRules:
        """These rules with those of a category on top: texts and palette replace, lists add."""
        return BrandRules(
            voice=by.voice or self.voice,
            look=by.look or self.look,
            palette=by.palette or self.palette,
            always_shown=_joined(self.always_shown, by.always_shown),
            never_shown=_joined(self.never_shown, by.never_shown),
            forbidden_words=_joined(self.forbidden_words, by.forbidden_words),
            negative=_joined(self.negative, by.negative),
            negative_sound=_joined(self.negative_sound, by.negative_sound),
        )

    def paragraph(self) -> str:
        """The rules as the closing words of a prompt; empty if there are none.

        They come last, after everything that a product or a template said. What is never shown is left
        to the negative prompt: naming it here would invite it.
        """
        sentences = [
            f"Overall look: {_plain(self.look)}." if self.look else "",
            f"Mood: {_plain(self.voice)}." if self.voice else "",
            f"Surroundings in {_listed(self.palette)}; the product keeps its own colours." if self.palette else "",
            f"Always in the picture: {_listed(self.always_shown)}." if self.always_shown else "",
        ]
        return " ".join(sentence for sentence in sentences if sentence)

    def negative_prompt(self, avoid: Iterable[str], *, audio: bool) -> str:
        """What must not appear, as nouns with commas between (Veo's guides advise against *no* and *don't*)."""
        sound = self.negative_sound if audio else ()
        return ", ".join(_joined(self.never_shown, self.negative, tuple(avoid), sound))


class Brand(BrandRules):
    """The whole of ``brand.toml``."""

    name: str = Field("", max_length=80, description="The brand. Kept out of prompts: Veo letters names on things.")
    finish: Finish = Field(
        Finish(), description="What is laid over the finished videos, below `[finish]`; it reaches no prompt."
    )
    category: Mapping[str, BrandRules] = Field(
        default_factory=dict, description="Rules of single template folders, like `[category.jewellery]`."
    )

    def rules_for(self, lineage: Sequence[str]) -> BrandRules:
        """The rules in force for a category, given the category and its parents, nearest first."""
        rules = BrandRules(**{name: getattr(self, name) for name in BrandRules.model_fields})
        for folder in reversed(lineage):
            if folder in self.category:
                rules = rules.overridden(self.category[folder])
        return rules

    @classmethod
    def parse(cls, path: Path, text: str) -> Self:
        """Read the TOML ``text`` of ``path``. Raises FixConfiguration naming the file and the field."""
        try:
            return cls.model_validate(toml_tables(text))
        except tomllib.TOMLDecodeError as error:
            raise FixConfiguration(f"{path}: is not valid TOML: {error}.", "Correct that line.") from None
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            raise FixConfiguration(
                f"{path}: {field}: {first['msg']}.", f"Correct that field; known are {', '.join(cls.model_fields)}."
            ) from None


def load_brand(path: Path) -> Brand:
    """Read ``brand.toml``. Raises FixConfiguration naming the file and the field."""
    try:
        return Brand.parse(path, path.read_text("utf-8"))
    except OSError as error:
        raise FixConfiguration(
            f"{path}: cannot be read ({error.strerror}).", "Point catalogs_dir at a folder with brand.toml."
        ) from None
    except UnicodeDecodeError:
        raise FixConfiguration(f"{path}: is not UTF-8 text.", "Save it as UTF-8.") from None


def _joined(*lists: tuple[str, ...]) -> tuple[str, ...]:
    unique: dict[str, str] = {}
    for term in (_plain(term) for terms in lists for term in terms):
        unique.setdefault(term.casefold(), term)
    return tuple(unique.values())


def _plain(text: str) -> str:
    return " ".join(text.split()).rstrip(".,; ")


def _listed(terms: Iterable[str]) -> str:
    return ", ".join(_plain(term) for term in terms)
