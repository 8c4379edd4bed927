"""Finding what is wrong with prompts before any money: in the templates, and in what they render."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from reelmill.errors import FixConfiguration
from reelmill.platforms import NativeRatio
from reelmill.product import Product, RowRef
from reelmill.prompts.brand import BrandRules
from reelmill.prompts.categories import DEFAULT
from reelmill.prompts.finding import Finding, Severity
from reelmill.prompts.library import PromptLibrary, RenderedPrompt, Template, word_pattern
from reelmill.prompts.lint_soften import soften_findings
from reelmill.prompts.lint_template import check_source, syntax_findings
from reelmill.prompts.shown import ADDRESS
from reelmill.prompts.sources import ANY, read_sources

__all__ = ["Finding", "Severity", "blocking_findings", "lint_catalogs", "lint_library", "lint_rendered"]

_QUOTED = re.compile(r'["“„«][^"“”„«»]{2,}["”»]')
_SPEAKS = ("say", "says", "said", "ask", "asks", "whispers", "shouts", "narrator", "voiceover", "voice-over")
_SPOKEN = re.compile(rf"\b(?:{'|'.join(_SPEAKS)})\s*:", re.IGNORECASE)
_TEMPLATE_LIKE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\{\{|\{%")
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget)\b.{0,40}\b(?:instructions?|prompts?|rules?|above|previous)\b", re.IGNORECASE
)
_ORDER_VERBS = ("ignore", "disregard", "forget")
_NOT_A_NOUN = re.compile(r"^(?:no|not|never|don't|do not|without|avoid)\b", re.IGNORECASE)
_MOSTLY = 0.5


class _AnyColumn(dict[str, str]):
    """Stands for a feed whose columns nobody knows yet: it has every column."""

    def __missing__(self, name: str) -> str:
        return name.replace("_", " ")


def lint_catalogs(catalogs_dir: Path, extra_columns: Collection[str] | None = None) -> list[Finding]:
    """Every finding in a catalogs folder, also when it cannot be loaded.

    ``extra_columns`` are the feed's columns that are no product field; None leaves them unchecked.
    """
    try:
        findings = syntax_findings(read_sources(catalogs_dir / "prompts"))
        if findings:
            return findings
        library = PromptLibrary.load(catalogs_dir)
    except FixConfiguration as error:
        return [Finding("catalogs", None, Severity.ERROR, error.problem, error.remedy)]
    return lint_library(library, extra_columns)


def lint_library(library: PromptLibrary, extra_columns: Collection[str] | None = None) -> list[Finding]:
    """Every finding in the templates and rules of a library, errors and warnings.

    Unknown variables and product fields, feed columns that are missing, banned words, dialogue in quotes,
    ratios and durations that contradict the request, prompts over the documented length, and whatever
    fails when a bare and a rich product are rendered.
    """
    findings = [
        finding for file in sorted(library.sources.files) for finding in check_source(library, file, extra_columns)
    ]
    findings += _brand_findings(library)
    findings += _category_findings(library)
    findings += soften_findings(library)
    broken = {finding.template for finding in findings if finding.severity is Severity.ERROR}
    for template in library.templates.values():
        if not broken & set(library.sources.closure(f"{template.name}.j2")[::2]):
            findings += _probe(library, template, extra_columns)
    return findings


def lint_rendered(rendered: RenderedPrompt, product: Product) -> list[Finding]:
    """What a person should know about one rendered prompt: what blocks it, and warnings, which stop nothing."""
    warnings = [_warning(rendered, text, remedy) for text, remedy in _warnings(rendered, product)]
    return [*blocking_findings(rendered, product), *warnings]


def blocking_findings(rendered: RenderedPrompt, product: Product) -> list[Finding]:
    """What must block the clip: a word that the brand forbids, an empty prompt, or one that is never the same again."""
    findings = [
        Finding(
            rendered.template,
            None,
            Severity.ERROR,
            f"The brand forbids {word!r}; the prompt for {product.sku} has it{_where(product, word_pattern(word))}.",
            "Change the product's text in the feed, or the brand's forbidden_words.",
        )
        for word in rendered.banned
    ]
    if not rendered.prompt.strip():
        findings.append(
            Finding(rendered.template, None, Severity.ERROR, "The prompt is empty.", "Write something in the template.")
        )
    if match := ADDRESS.search(rendered.prompt):
        message = f"The prompt has {match[0].strip()!r}, an address in memory{_where(product, ADDRESS)}."
        findings.append(
            Finding(
                rendered.template, None, Severity.ERROR, message, "Print a field or a call: it is another at each run."
            )
        )
    return findings


def _warnings(rendered: RenderedPrompt, product: Product) -> list[tuple[str, str]]:
    prompt = rendered.prompt
    found: list[tuple[str, str]] = []
    found += [(warning, "Shorten texts with | brief(200).") for warning in rendered.warnings]
    # Many prompts may pass here, so each pattern runs only where something cheap says that it might match.
    folded = prompt.lower()
    if any(mark in prompt for mark in '"“„«') and (match := _QUOTED.search(prompt)):
        found.append((f"Veo may letter the quoted words {match[0]} into the picture.", "Drop the quotation marks."))
    before_colons = folded.split(":")[:-1]
    if any(words.rstrip().endswith(_SPEAKS) for words in before_colons) and (match := _SPOKEN.search(prompt)):
        found.append((f"{match[0]!r} makes somebody speak{_where(product, _SPOKEN)}.", "Reword it, if nobody should."))
    if "{" in prompt and (match := _TEMPLATE_LIKE.search(prompt)):
        found.append(
            (
                f"The feed has template text, {match[0][:60]!r}{_where(product, _TEMPLATE_LIKE)}; it is shown as text.",
                "Correct the export that left it there.",
            )
        )
    if any(verb in folded for verb in _ORDER_VERBS) and _ORDERS.search(prompt):
        found.append(
            (f"The feed has words that read like orders to a model{_where(product, _ORDERS)}.", "Look at that text.")
        )
    if not product.title.isascii() and _mostly_foreign(product.title):
        found.append(("The title is not in Latin letters; Veo is documented for English prompts.", "Translate it."))
    return found


def _mostly_foreign(title: str) -> bool:
    letters = [char for char in title if char.isalpha()]
    return sum(not char.isascii() for char in letters) > _MOSTLY * len(letters)


def _warning(rendered: RenderedPrompt, message: str, remedy: str) -> Finding:
    return Finding(rendered.template, None, Severity.WARNING, message, remedy)


def _where(product: Product, pattern: re.Pattern[str]) -> str:
    """``, from title in feed.csv row 12`` when a field of the product holds the words, else nothing."""
    texts = {
        "title": product.title,
        "description": product.description,
        "brand": product.brand,
        "color": product.color,
        "material": product.material,
        "category": product.category_text,
        "highlights": "; ".join(product.highlights),
        **product.extra,
    }
    field = next((name for name, text in texts.items() if pattern.search(text)), None)
    return f", from {field} in {product.ref.file} row {product.ref.row}" if field else ""


def _brand_findings(library: PromptLibrary) -> list[Finding]:
    findings: list[Finding] = []
    rules: dict[str, BrandRules] = {"": library.brand, **library.brand.category}
    for folder, rule in rules.items():
        where = f"category.{folder}: " if folder else ""
        findings += [
            Finding(
                "brand.toml",
                None,
                Severity.WARNING,
                f"{where}{term!r} is an order, not a thing.",
                "Name the unwanted thing alone: Veo reads the negative prompt as nouns.",
            )
            for term in (*rule.never_shown, *rule.negative, *rule.negative_sound)
            if _NOT_A_NOUN.match(term)
        ]
        said = rule.paragraph()
        findings += [
            Finding(
                "brand.toml",
                None,
                Severity.ERROR,
                f"{where}the rules say {word!r}, which the brand forbids.",
                "Reword the rule, or allow the word.",
            )
            for word in dict.fromkeys((*library.brand.forbidden_words, *rule.forbidden_words))
            if word_pattern(word).search(said)
        ]
    return findings


def _category_findings(library: PromptLibrary) -> list[Finding]:
    folders = library.sources.folders
    findings: list[Finding] = []
    for folder in library.categories.rules:
        lineage = library.categories.lineage(folder)
        if folder != DEFAULT and not folders & set(lineage):
            findings.append(
                Finding(
                    "categories.toml",
                    None,
                    Severity.WARNING,
                    f"{folder} has no templates and no parent with any; its products get the default.",
                    f"Write {folder}/{ANY}.j2 or name a parent.",
                )
            )
    return findings


def _probe(library: PromptLibrary, template: Template, extra_columns: Collection[str] | None) -> list[Finding]:
    """Render a bare and a rich product in every way that matters; the first failure or warning of each kind."""
    stem = template.name.split("/")[1]
    own = [ratio for ratio in NativeRatio if stem == ratio.slug]
    ratios = own or list(NativeRatio)  # any.j2, or a scene of a storyboard
    seen: dict[str, Finding] = {}
    for product in _products(template.folder, extra_columns):
        for ratio in ratios:
            for audio in (True, False):
                try:
                    rendered = library.render_with(template, product, ratio=ratio, duration_s=8, audio=audio)
                except FixConfiguration as error:
                    seen.setdefault(
                        error.problem,
                        Finding(f"{template.name}.j2", None, Severity.ERROR, error.problem, error.remedy),
                    )
                    continue
                for finding in lint_rendered(rendered, product):
                    seen.setdefault(finding.message, replace(finding, template=f"{template.name}.j2"))
    return list(seen.values())


def _products(folder: str, extra_columns: Collection[str] | None) -> list[Product]:
    extra = _AnyColumn() if extra_columns is None else {name: name.replace("_", " ") for name in extra_columns}
    bare = Product(sku="PROBE-1", title="Sample", category=(folder,), ref=RowRef("lint", 1), extra=extra)
    rich = replace(
        bare,
        sku="PROBE-2",
        title="Sample product with quite a long and descriptive title, in the second edition",
        category=("Samples", folder, "Long-named special kinds"),
        description="It is described at length and in whole sentences. " * 20,
        brand="Sample Brand",
        color="deep sea blue",
        material="recycled cotton and linen",
        pattern="herringbone",
        size="Medium",
        gender="female",
        age_group="adult",
        highlights=("First of the selling points, in some words", "Second of them", "Third of them"),
    )
    child = replace(rich, sku="PROBE-3", age_group="kids", gender="", highlights=())
    return [bare, rich, child]
