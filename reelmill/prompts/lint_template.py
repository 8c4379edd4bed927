"""What can be said about a template without rendering it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from reelmill.column_names import column_name
from reelmill.platforms import NativeRatio
from reelmill.prompts.environment import VARIABLES, PromptEnvironment, near
from reelmill.prompts.finding import Finding, Severity
from reelmill.prompts.library import PromptLibrary, word_pattern
from reelmill.prompts.sources import TemplateSources
from reelmill.prompts.view import PRODUCT_FIELDS, VOLATILE_FIELDS

__all__ = ["check_source", "syntax_findings"]

_BRAND_FIELDS = frozenset({"name", "voice", "look", "palette"})
_OF_JINJA = frozenset({"self", "super", "caller", "loop", "varargs", "kwargs"})
_PER_RUN = frozenset({"platforms", "campaign"})
_SPEECH = re.compile(r'["“”]')
_SECONDS = re.compile(r"\b(\d+)[\s-]?(?:seconds?|secs?)\b", re.IGNORECASE)
_RATIO = re.compile(r"\b(\d{1,2}:\d{1,2})\b")
_SQUARE = re.compile(r"\bsquare (?:format|frame|video|crop)\b", re.IGNORECASE)


def syntax_findings(sources: TemplateSources) -> list[Finding]:
    """Every template that does not parse."""
    environment = PromptEnvironment(sources.files)
    findings: list[Finding] = []
    for name, text in sorted(sources.files.items()):
        try:
            environment.compile(text, name, name)
        except TemplateSyntaxError as error:
            message = (error.message or "syntax error").rstrip(".")
            findings.append(Finding(name, error.lineno, Severity.ERROR, f"{message}.", "Correct that line."))
    return findings


def check_source(library: PromptLibrary, name: str, extra_columns: Collection[str] | None) -> list[Finding]:
    """Every finding in the text of one file, in the order of its lines."""
    tree = _parse(library, name)
    found = [
        *_unknown_names(library, name),
        *_product_fields(name, tree),
        *_brand_fields(name, tree),
        *_columns(name, tree, extra_columns),
        *_per_run(name, tree),
        *_text_findings(library, name, tree),
    ]
    return sorted(dict.fromkeys(found), key=lambda finding: finding.line or 0)


def _unknown_names(library: PromptLibrary, name: str) -> Iterator[Finding]:
    tree = _parse(library, name)  # one of its own: Jinja folds constants while it looks
    defined = {*VARIABLES, *_OF_JINJA, *_set_by_chain(library, name)}
    lines = {used.name: used.lineno for used in reversed(list(tree.find_all(nodes.Name)))}
    for unknown in sorted(meta.find_undeclared_variables(tree) - defined):
        line = lines.get(unknown)
        yield Finding(
            name,
            line,
            Severity.ERROR,
            f"{unknown!r} is not defined{near(unknown, VARIABLES) or '.'}",
            f"Use {', '.join(sorted(VARIABLES))}.",
        )


def _set_by_chain(library: PromptLibrary, name: str) -> set[str]:
    """Names that a file may use because it, a file it builds on or a file that extends it sets them."""
    related = set(library.sources.closure(name)[::2])
    related |= {file for file in library.sources.files if name in library.sources.closure(file)[::2]}
    names: set[str] = set()
    for file in related:
        for node in _parse(library, file).body:
            names |= {used.name for used in node.find_all(nodes.Name) if used.ctx == "store"}
            names |= {node.name for node in (node,) if isinstance(node, nodes.Macro)}
            names |= {node.target for node in (node,) if isinstance(node, nodes.Import)}
    return names


def _product_fields(name: str, tree: nodes.Template) -> Iterator[Finding]:
    for field, line in _fields_of(tree, "product"):
        if field.startswith("_"):
            yield Finding(
                name, line, Severity.ERROR, f"product.{field} is refused by the sandbox.", "Use product fields."
            )
        elif field not in PRODUCT_FIELDS:
            yield Finding(
                name,
                line,
                Severity.ERROR,
                f"product has no field {field!r}{near(field, PRODUCT_FIELDS) or '.'}",
                "Other columns of the feed are product.extra.<column>.",
            )
        elif field in VOLATILE_FIELDS:
            yield Finding(
                name,
                line,
                Severity.WARNING,
                f"product.{field} changes without the product changing, and every change makes a new paid clip.",
                "Leave it to the page where the video is shown.",
            )


def _brand_fields(name: str, tree: nodes.Template) -> Iterator[Finding]:
    for field, line in _fields_of(tree, "brand"):
        if field not in _BRAND_FIELDS:
            message = f"brand has no field {field!r}{near(field, _BRAND_FIELDS) or '.'}"
            yield Finding(name, line, Severity.ERROR, message, f"Use {', '.join(sorted(_BRAND_FIELDS))}.")


def _fields_of(tree: nodes.Template, variable: str) -> Iterator[tuple[str, int]]:
    for node in _accesses(tree):
        if isinstance(node.node, nodes.Name) and node.node.name == variable:
            field = _accessed(node)
            if field is not None:
                yield field, node.lineno


def _accesses(tree: nodes.Template) -> Iterator[nodes.Getattr | nodes.Getitem]:
    yield from tree.find_all(nodes.Getattr)
    yield from tree.find_all(nodes.Getitem)


def _accessed(node: nodes.Getattr | nodes.Getitem) -> str | None:
    """The name after the dot or in the brackets, if it is written out."""
    if isinstance(node, nodes.Getattr):
        return node.attr
    return node.arg.value if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str) else None


def _columns(name: str, tree: nodes.Template, extra_columns: Collection[str] | None) -> Iterator[Finding]:
    if extra_columns is None:
        return
    guarded = {
        id(node.node)
        for kind in (nodes.Filter, nodes.Test)
        for node in tree.find_all(kind)
        if node.name in {"default", "d", "defined", "undefined"}
    }
    for node in _accesses(tree):
        inner = node.node
        of_extra = (
            isinstance(inner, nodes.Getattr | nodes.Getitem)
            and isinstance(inner.node, nodes.Name)
            and inner.node.name == "product"
            and _accessed(inner) == "extra"
        )
        column = _accessed(node) if of_extra else None
        if column is not None and column_name(column) not in extra_columns and id(node) not in guarded:
            yield Finding(
                name,
                node.lineno,
                Severity.ERROR,
                f"the feed has no column {column!r}{near(column, frozenset(extra_columns)) or '.'}",
                f'Add the column, correct the name, or write product.extra["{column}"] | default("").',
            )


def _per_run(name: str, tree: nodes.Template) -> Iterator[Finding]:
    for node in tree.find_all(nodes.Name):
        if node.ctx == "load" and node.name in _PER_RUN:
            yield Finding(
                name,
                node.lineno,
                Severity.WARNING,
                f"{node.name} in a prompt makes a new paid clip for every other choice of {node.name}.",
                "Leave it out, so that one clip serves them all.",
            )


def _text_findings(library: PromptLibrary, name: str, tree: nodes.Template) -> Iterator[Finding]:
    folder = name.split("/", maxsplit=1)[0]
    rules = library.brand.rules_for(library.categories.lineage(folder) if "/" in name else ())
    for text, line in _texts(tree):
        for word in rules.forbidden_words:
            if word_pattern(word).search(text):
                yield Finding(name, line, Severity.ERROR, f"the brand forbids {word!r}.", "Say it in other words.")
        if _SPEECH.search(text):
            yield Finding(
                name,
                line,
                Severity.WARNING,
                "words in double quotation marks may be lettered into the picture.",
                "Drop the marks; for dialogue write the speaker, says, a colon and the line, without marks.",
            )
        if match := _SECONDS.search(text):
            yield Finding(
                name,
                line,
                Severity.WARNING,
                f"{match[0]!r} contradicts requests of another length.",
                "Write {{ duration_s }}, {{ early_s }} or {{ late_s }}.",
            )
        yield from _ratio_claims(name, line, text)


def _ratio_claims(name: str, line: int, text: str) -> Iterator[Finding]:
    stem = name.rsplit("/", maxsplit=1)[-1].removesuffix(".j2")
    own = {ratio.value for ratio in NativeRatio if stem == ratio.slug}
    claims = {match for match in _RATIO.findall(text) if match not in own} | set(_SQUARE.findall(text))
    for claim in sorted(claims):
        yield Finding(
            name,
            line,
            Severity.WARNING,
            f"{claim!r} contradicts a request for {' or '.join(sorted(own)) or 'another ratio'}.",
            "Describe the frame in words; other ratios are cut from the finished clip.",
        )


def _texts(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    """Every line of literal text: what the template says and the strings that it may say."""
    for data in tree.find_all(nodes.TemplateData):
        for index, line in enumerate(data.data.splitlines()):
            yield line, data.lineno + index
    silent = {
        id(const)
        for kind in (nodes.Compare, nodes.Test, nodes.Getitem, nodes.Extends, nodes.Include, nodes.Import)
        for node in tree.find_all(kind)
        for const in node.find_all(nodes.Const)
    }
    for const in tree.find_all(nodes.Const):
        if isinstance(const.value, str) and id(const) not in silent:
            yield const.value, const.lineno


def _parse(library: PromptLibrary, name: str) -> nodes.Template:
    """The tree of a file as it was written: line by line, before white space is made even."""
    tree = Environment(trim_blocks=True, lstrip_blocks=True).parse(library.sources.files[name], name)  # noqa: S701
    tree.set_environment(library.environment)  # which knows the filters
    return tree
