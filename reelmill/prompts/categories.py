"""Which template folder a product belongs to: taxonomy paths first, then words, deepest level first."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reelmill.errors import FixConfiguration
from reelmill.prompts.text import fold
from reelmill.toml import toml_tables

__all__ = ["DEFAULT", "Categories", "Category", "load_categories"]

DEFAULT = "default"
"""The folder whose templates serve everything that nothing else matches."""

_REMEMBERED = 65_536
Phrase = tuple[str, ...]


class Category(BaseModel):
    """One table of ``categories.toml``: the table's name is the template folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parent: str = Field("", description="Folder to fall back on before the default.")
    taxonomy: tuple[str, ...] = Field((), description="Paths like `Home & Garden > Kitchen & Dining`.")
    keywords: tuple[str, ...] = Field((), description="Words or phrases that tell the category in free text.")
    negative: tuple[str, ...] = Field((), description="Terms for the negative prompt; else the parent's.")


class Categories:
    """The rules of ``categories.toml``, ready for a million look-ups. Immutable after construction."""

    def __init__(self, source: Path, rules: Mapping[str, Category], folders: Collection[str]) -> None:
        self._source = source
        self.rules = {**{folder: Category() for folder in sorted(folders)}, **rules}
        self._check_parents()
        self._paths = self._index_paths()
        self._words = self._index_words()
        self._first_levels = {path[0] for path in self._paths}
        self._longest_path = max(map(len, self._paths), default=0)
        self._longest_phrase = max(map(len, self._words), default=0)
        # Remembered because feeds repeat their categories; bounded because free text may not.
        self.match = lru_cache(maxsize=_REMEMBERED)(self._match)

    def lineage(self, folder: str) -> tuple[str, ...]:
        """``folder`` and its parents, nearest first, without the default."""
        found: list[str] = []
        while folder and folder not in found:
            found.append(folder)
            folder = self.rules[folder].parent if folder in self.rules else ""
        return tuple(found)

    def negative(self, folder: str) -> tuple[str, ...]:
        """The category's own terms for the negative prompt: its nearest that has any."""
        return next((self.rules[name].negative for name in self.lineage(folder) if self.rules[name].negative), ())

    def _match(self, category: tuple[str, ...]) -> str:
        """The folder for a category path, or the default's.

        A taxonomy path may stand anywhere in the category; the one that reaches deepest wins, then the
        longest. Without one, the words of the deepest level decide, then those of the level above.
        """
        levels = tuple(fold(level) for text in category for level in text.split(">"))
        return self._by_path(levels) or self._by_words(levels) or DEFAULT

    def _by_path(self, levels: tuple[Phrase, ...]) -> str:
        best, folder = (0, 0), ""
        for start, level in enumerate(levels):
            if level not in self._first_levels:
                continue
            for end in range(start + 1, min(len(levels), start + self._longest_path) + 1):
                found = self._paths.get(levels[start:end])
                if found is not None and (end, end - start) > best:
                    best, folder = (end, end - start), found
        return folder

    def _by_words(self, levels: tuple[Phrase, ...]) -> str:
        for words in reversed(levels):
            # The last match is the thing itself in English: kitchen *toys*, dress *shoes*.
            for end in range(len(words), 0, -1):
                for start in range(max(0, end - self._longest_phrase), end):
                    found = self._words.get(words[start:end])
                    if found is not None:
                        return found
        return ""

    def _check_parents(self) -> None:
        for folder, rule in self.rules.items():
            if rule.parent and rule.parent not in self.rules:
                raise FixConfiguration(
                    f"{self._source}: {folder}: parent {rule.parent!r} is no category.",
                    f"Choose from: {', '.join(sorted(self.rules))}.",
                )
            ancestors = self.lineage(folder)
            if self.rules[ancestors[-1]].parent:
                raise FixConfiguration(
                    f"{self._source}: {folder}: its parents go round in a circle.", "Remove one of the parents."
                )

    def _index_paths(self) -> dict[tuple[Phrase, ...], str]:
        index: dict[tuple[Phrase, ...], str] = {}
        for folder, rule in self.rules.items():
            for path in rule.taxonomy:
                self._add(index, tuple(fold(level) for level in path.split(">")), folder, path)
        return index

    def _index_words(self) -> dict[Phrase, str]:
        index: dict[Phrase, str] = {}
        for folder, rule in self.rules.items():
            for phrase in rule.keywords:
                self._add(index, fold(phrase), folder, phrase)
        for folder in self.rules:
            if folder != DEFAULT:  # a folder's own name tells its category, unless another claims that word
                index.setdefault(fold(folder), folder)
        return index

    def _add(self, index: dict[Any, str], key: tuple[Any, ...], folder: str, text: str) -> None:
        if not key or not all(key):
            raise FixConfiguration(
                f"{self._source}: {folder}: {text!r} has no words.", "Write words, with > between levels."
            )
        taken = index.setdefault(key, folder)
        if taken != folder:
            raise FixConfiguration(
                f"{self._source}: {text!r} stands under {taken} and under {folder}.", "Keep it under one of them."
            )


def load_categories(path: Path, folders: Collection[str]) -> Categories:
    """Read ``categories.toml``; without the file every folder is known by its own name.

    Raises FixConfiguration naming the file, category and field.
    """
    try:
        tables = toml_tables(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FixConfiguration(f"{path}: cannot be read: {error}.", "Correct the file.") from None
    return Categories(path, {name: _category(path, name, table) for name, table in tables.items()}, folders)


def _category(path: Path, name: str, table: object) -> Category:
    try:
        return Category.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the table"
        raise FixConfiguration(
            f"{path}: {name}: {field}: {first['msg']}.",
            f"Correct that field; known are {', '.join(Category.model_fields)}.",
        ) from None
