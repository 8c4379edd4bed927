"""The prompt library: every template and rule of a catalogs folder, ready to render."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from jinja2 import Template as Compiled

from reelmill.errors import FixConfiguration
from reelmill.platforms import NativeRatio
from reelmill.product import Product
from reelmill.prompts.bake import bake
from reelmill.prompts.brand import Brand, BrandRules, load_brand
from reelmill.prompts.categories import DEFAULT, Categories, load_categories
from reelmill.prompts.environment import PromptEnvironment, paragraphs
from reelmill.prompts.sources import ANY, TemplateSources, read_sources
from reelmill.prompts.storyboard import Scene, Storyboard
from reelmill.prompts.text import TOKEN_BOUND, estimate_tokens
from reelmill.prompts.view import ProductView

__all__ = ["BrandWords", "PromptLibrary", "RenderedPrompt", "Template"]

_FIXED = ("ratio", "duration_s", "early_s", "late_s", "audio", "variant")
"""What a request fixes for many products at once; see :mod:`reelmill.prompts.bake`."""

_SHORT_ENOUGH = 2000  # characters of English: at most 600 tokens or so

_FORMAT = "1"
"""Raise it when this module changes what a rendered prompt looks like: every template version follows."""


@dataclass(frozen=True, slots=True)
class BrandWords:
    """The brand as templates see it: ``{{ brand.look }}``. They need not: the renderer adds the rules."""

    name: str
    voice: str
    look: str
    palette: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template as it serves the category ``folder``, whose brand rules go with it.

    ``version`` changes if and only if something that can change a prompt does: the text, what it builds
    on, the brand's rules, the category's terms.
    """

    name: str
    folder: str
    version: str
    compiled: Compiled
    brand: BrandWords
    rules: BrandRules
    closing: str
    negative: str
    negative_with_sound: str
    banned: tuple[tuple[str, re.Pattern[str]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedPrompt:
    """What Veo is asked for one product and ratio.

    ``template`` is like ``apparel/9x16``; ``template_version`` covers its text, everything that it
    includes and the brand's rules. ``banned`` names the brand's forbidden words found in the prompt: such
    a clip must be blocked. ``warnings`` are for people and stop nothing.
    """

    prompt: str
    negative_prompt: str
    template: str
    template_version: str
    warnings: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()


class PromptLibrary:
    """The templates, categories and brand of one catalogs folder. Immutable and safe to share by threads."""

    def __init__(self, sources: TemplateSources, categories: Categories, brand: Brand) -> None:
        self.sources = sources
        self.categories = categories
        self.brand = brand
        self.environment: PromptEnvironment = sources.environment()
        self._check_default()
        self._templates = {name: self._template(name, name.split("/")[0]) for name in sources.template_names}
        # Remembered because one run asks for few combinations; bounded because nothing forces it to.
        self._baked = lru_cache(maxsize=4096)(self._bake)
        self._chosen = {
            (folder, ratio): self._template(self._choose(folder, ratio), folder)
            for folder in categories.rules
            for ratio in NativeRatio
        }
        self._scenes = {
            (folder, scene.name): self._template(board.template(scene), folder)
            for folder in categories.rules
            if (board := self._storyboard(folder)) is not None
            for scene in board.scene
        }
        self.digest = _digest(
            _FORMAT, brand.model_dump_json(exclude={"finish"}), *categories_text(categories), *sources.parts()
        )
        boards = (board.model_dump_json() for board in sources.storyboards.values())
        self.storyboards_digest = _digest(_FORMAT, *sources.storyboards, *boards)

    @classmethod
    def load(cls, catalogs_dir: Path) -> Self:
        """Read ``brand.toml`` and ``prompts/`` below ``catalogs_dir`` and compile every template once.

        Raises FixConfiguration naming the file, and the line or field, of the first thing that is wrong.
        """
        folder = catalogs_dir / "prompts"
        brand = load_brand(catalogs_dir / "brand.toml")
        sources = read_sources(folder)
        categories = load_categories(folder / "categories.toml", sources.folders)
        unknown = sorted(set(brand.category) - set(categories.rules))
        if unknown:
            raise FixConfiguration(
                f"{catalogs_dir / 'brand.toml'}: category.{unknown[0]}: there is no such template folder or category.",
                f"Choose from: {', '.join(sorted(categories.rules))}.",
            )
        return cls(sources, categories, brand)

    @property
    def templates(self) -> Mapping[str, Template]:
        """Every template by name, like ``apparel/9x16``."""
        return self._templates

    def lookup(self, category: tuple[str, ...], ratio: str) -> Template:
        """The template for a product's category path and a native ratio (``16:9`` or ``9:16``).

        Category and ratio, else category, else the same of its parents, else of the default.
        """
        try:
            return self._chosen[self.categories.match(category), NativeRatio(ratio)]
        except ValueError:
            raise FixConfiguration(
                f"{ratio!r} is no ratio that Veo makes.", "Ask for 16:9 or 9:16 and derive the others."
            ) from None

    @property
    def storyboards(self) -> Mapping[str, Storyboard]:
        """Every storyboard by the category folder that it lies in."""
        return self.sources.storyboards

    def storyboard(self, category: tuple[str, ...]) -> Storyboard | None:
        """The storyboard for a product's category path: its folder's or that of the nearest parent, if any has one."""
        return self._storyboard(self.categories.match(category))

    def scene_template(self, category: tuple[str, ...], scene: Scene) -> Template:
        """The template of a scene of :meth:`storyboard`, with the rules of the product's own category."""
        return self._scenes[self.categories.match(category), scene.name]

    def render(
        self,
        product: Product,
        *,
        ratio: NativeRatio,
        duration_s: int,
        audio: bool,
        platforms: tuple[str, ...] = (),
        variant: int = 1,
        campaign: str = "",
    ) -> RenderedPrompt:
        """The prompt and negative prompt for one product. Raises FixConfiguration with template and line.

        ``duration_s`` is the length of the video in seconds; ``variant`` counts from 1. The product's text
        is a value: nothing in it is executed. The brand's rules are added here, whatever a template says.
        """
        return self.render_with(
            self.lookup(product.category, ratio),
            product,
            ratio=ratio,
            duration_s=duration_s,
            audio=audio,
            platforms=platforms,
            variant=variant,
            campaign=campaign,
        )

    def render_with(
        self,
        template: Template,
        product: Product,
        *,
        ratio: NativeRatio,
        duration_s: int,
        audio: bool,
        platforms: tuple[str, ...] = (),
        variant: int = 1,
        campaign: str = "",
    ) -> RenderedPrompt:
        """:meth:`render` with a template of the caller's choice, for previews and lint."""
        early_s = max(1, round(duration_s * 0.28))
        values = {
            "product": ProductView(product),
            "brand": template.brand,
            "ratio": ratio.value,
            "duration_s": duration_s,
            "early_s": early_s,
            "late_s": max(early_s, duration_s - early_s),
            "audio": audio,
            "variant": variant,
            "platforms": platforms,
            "campaign": campaign,
        }
        written = paragraphs(self._run(template, values))
        prompt = "\n".join([*written, template.closing] if template.closing else written)
        return RenderedPrompt(
            prompt=prompt,
            negative_prompt=template.negative_with_sound if audio else template.negative,
            template=template.name,
            template_version=template.version,
            warnings=_length_warnings(prompt),
            banned=_banned(prompt, template.banned),
        )

    def _run(self, template: Template, values: dict[str, Any]) -> str:
        try:
            return self._baked(template.name, template.brand, *(values[name] for name in _FIXED)).render(values)
        except Exception:  # noqa: BLE001 - said properly below, by the template as it was written
            try:
                return template.compiled.render(values)
            except Exception as error:  # noqa: BLE001 - whatever a template does wrong is the template's to fix
                raise self.environment.explain(error, self.sources.folder, f"{template.name}.j2") from None

    def _bake(self, name: str, brand: BrandWords, *fixed: object) -> Compiled:
        known = {**dict(zip(_FIXED, fixed, strict=True)), "brand": asdict(brand)}
        baked = bake(self.environment, self.sources.files, f"{name}.j2", known)
        return self._templates[name].compiled if baked is None else baked

    def _storyboard(self, folder: str) -> Storyboard | None:
        boards = self.sources.storyboards
        return next((boards[name] for name in self.categories.lineage(folder) if name in boards), None)

    def _choose(self, folder: str, ratio: NativeRatio) -> str:
        names = (f"{name}/{stem}" for name in (*self.categories.lineage(folder), DEFAULT) for stem in (ratio.slug, ANY))
        return next(name for name in names if f"{name}.j2" in self.sources.files)

    def _check_default(self) -> None:
        present = set(self.sources.template_names)
        missing = [ratio.slug for ratio in NativeRatio if not {f"{DEFAULT}/{ratio.slug}", f"{DEFAULT}/{ANY}"} & present]
        if missing:
            raise FixConfiguration(
                f"{self.sources.folder}: there is no default template for {' and '.join(missing)}.",
                f"Write {DEFAULT}/{ANY}.j2, which serves every ratio and category without its own.",
            )

    def _template(self, name: str, folder: str) -> Template:
        """The template ``name`` as it serves the category ``folder``, whose rules go with it."""
        rules = self.brand.rules_for(self.categories.lineage(folder))
        avoid = self.categories.negative(folder)
        return Template(
            name=name,
            folder=folder,
            version=_digest(
                _FORMAT, self.brand.name, rules.model_dump_json(), *avoid, *self.sources.closure(f"{name}.j2")
            )[:12],
            compiled=self.environment.get_template(f"{name}.j2"),
            brand=BrandWords(
                name=self.brand.name, voice=rules.voice, look=rules.look, palette=", ".join(rules.palette)
            ),
            rules=rules,
            closing=rules.paragraph(),
            negative=rules.negative_prompt(avoid, audio=False),
            negative_with_sound=rules.negative_prompt(avoid, audio=True),
            banned=tuple((word.casefold(), word_pattern(word)) for word in rules.forbidden_words),
        )


def word_pattern(word: str) -> re.Pattern[str]:
    """A forbidden word or phrase as a whole, in any case."""
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)


def categories_text(categories: Categories) -> tuple[str, ...]:
    """The category rules as text, for the digest."""
    return tuple(f"{folder} {rule.model_dump_json()}" for folder, rule in categories.rules.items())


def _banned(prompt: str, words: tuple[tuple[str, re.Pattern[str]], ...]) -> tuple[str, ...]:
    folded = prompt.casefold()
    return tuple(word for word, pattern in words if word in folded and pattern.search(prompt))


def _length_warnings(prompt: str) -> tuple[str, ...]:
    if len(prompt) < _SHORT_ENOUGH and prompt.isascii():
        return ()
    tokens = estimate_tokens(prompt)
    if tokens < TOKEN_BOUND:
        return ()
    return (f"The prompt has about {tokens} tokens; Google documents {TOKEN_BOUND}.",)


def _digest(*parts: str) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big"))
        found.update(part.encode("utf-8", "surrogatepass"))
    return found.hexdigest()
