"""Jinja for prompts: sandboxed, strict, fed from memory, and able to say in which line something broke."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import FunctionLoader, StrictUndefined, TemplateSyntaxError, meta, nodes
from jinja2 import Template as Compiled
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from reelmill.errors import FixConfiguration
from reelmill.prompts.shown import only_text
from reelmill.prompts.text import brief, fold
from reelmill.prompts.view import PRODUCT_FIELDS, ExtraView, ProductView

__all__ = ["VARIABLES", "PromptEnvironment", "near", "paragraphs", "references", "syntax_error"]

VARIABLES = frozenset(
    {
        "product",
        "brand",
        "ratio",
        "duration_s",
        "early_s",
        "late_s",
        "audio",
        "variant",
        "platforms",
        "campaign",
    }
)
"""Every name that a template may use without defining it."""

T = TypeVar("T")

_PARTS = "\x1e"  # a control character: product text cannot hold it
_BLANK_LINES = re.compile(r"[ \t]*\n[ \t]*\n\s*")
_SPACE = re.compile(r"\s+")


def vary(choices: Sequence[T], variant: int) -> T:
    """The choice for a variant: the first for variant 1, then one after the other, round and round."""
    return choices[(variant - 1) % len(choices)]


def mentions(text: object, *words: str) -> bool:
    """Whether ``text`` has one of these words, whatever its case, accents and number."""
    return not set(fold(str(text))).isdisjoint(part for word in words for part in fold(word))


class _Missing(StrictUndefined):
    """An undefined name that explains itself in the words of a template author."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        name = str(self._undefined_name)
        if self._undefined_hint:
            return self._undefined_hint
        if isinstance(self._undefined_obj, ProductView):
            return f"product has no field {name!r}{near(name, PRODUCT_FIELDS)}"
        if isinstance(self._undefined_obj, ExtraView):
            return f"the feed has no column {name!r}"
        if self._undefined_obj is missing:
            return f"{name!r} is not defined{near(name, VARIABLES)}"
        return super()._undefined_message


class _OneSpace(Extension):
    """White space in a template's own text is layout: a blank line parts paragraphs, the rest is one space.

    Done once, when a template is compiled; :func:`paragraphs` undoes what is left where pieces meet.
    """

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Tokens with the white space of plain text made even."""
        for token in stream:
            if token.type != "data":
                yield token
                continue
            parts = _BLANK_LINES.split(token.value)
            yield Token(token.lineno, "data", _PARTS.join(_SPACE.sub(" ", part) for part in parts))


def paragraphs(rendered: str) -> list[str]:
    """The paragraphs of a rendered template, each one line."""
    while "  " in rendered:
        rendered = rendered.replace("  ", " ")
    stripped = (part.strip() for part in rendered.split(_PARTS))
    return [part for part in stripped if part]


class PromptEnvironment(ImmutableSandboxedEnvironment):
    """Runs the templates of one folder, held in memory, and nothing else."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        super().__init__(
            loader=FunctionLoader(lambda name: (sources[name], name, None) if name in sources else None),
            undefined=_Missing,
            autoescape=False,  # a prompt is plain text for a model, not HTML
            auto_reload=False,
            cache_size=-1,
            extensions=[_OneSpace],
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=only_text,
        )
        self.filters.update(brief=brief, vary=vary, mentions=mentions)
        del self.filters["random"]  # another prompt at every render would be another clip to pay for
        for name in ("lipsum", "cycler", "joiner", "dict"):
            del self.globals[name]  # no film needs them, and every render would carry them
        self._ready: dict[str, Compiled] = {}

    def compile_all(self, names: Sequence[str]) -> None:
        """Compile every template now, so that rendering never does. Raises TemplateSyntaxError."""
        for name in names:
            self._ready[name] = super().get_template(name)

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Compiled:  # noqa: A002 - Jinja's own name
        """A compiled template. The short way matters: every ``extends`` passes here at every render."""
        found = self._ready.get(name)
        return super().get_template(name, parent, globals) if found is None else found

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Attributes of a product are text and need no further look; all else goes through the sandbox."""
        if type(obj) is ProductView and attribute in PRODUCT_FIELDS:
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)

    def explain(self, error: Exception, folder: Path, template: str) -> FixConfiguration:
        """The error of a render as one sentence with template, line and remedy."""
        line = next((frame.lineno for frame in reversed(_template_frames(error)) if frame.lineno), 0)
        file = next((frame.filename for frame in reversed(_template_frames(error))), template)
        where = f"{folder / file}, line {line}" if line else f"{folder / file}"
        if isinstance(error, SecurityError):
            return FixConfiguration(f"{where}: {error}.", "Use only the variables that docs/prompts.md lists.")
        if isinstance(error, RecursionError):
            return FixConfiguration(f"{where}: it extends or includes itself.", "Break the circle.")
        problem = str(error).rstrip(".") or type(error).__name__
        return FixConfiguration(f"{where}: {problem}.", "Correct that line; docs/prompts.md lists what there is.")


def _template_frames(error: Exception) -> list[traceback.FrameSummary]:
    return [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]


def syntax_error(error: TemplateSyntaxError, folder: Path, name: str) -> FixConfiguration:
    """A template that does not compile, as our error with file and line."""
    return FixConfiguration(
        f"{folder / (error.name or name)}, line {error.lineno}: {(error.message or 'syntax error').rstrip('.')}.",
        "Correct that line.",
    )


def references(tree: nodes.Template) -> set[str | None]:
    """The templates that a template extends, includes or imports; None for a name that is computed."""
    return set(meta.find_referenced_templates(tree))


def near(name: str, known: frozenset[str]) -> str:
    """``; did you mean 'color'?`` if a known name is close, else nothing."""
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
