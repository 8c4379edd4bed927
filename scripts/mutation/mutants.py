"""What is changed: mutmut's mutation operators, applied to whole files.

The mutmut command changes only what stands inside undecorated functions. The ledger's SQL stands at module level and
its states are properties, so we take its operators and apply them everywhere, and add one: drop a call.

Left out, because no behaviour of the product hangs on them: docstrings, annotations, decorators and ``__all__``; the
wording of errors and log lines; ``assert`` (it narrows types) and ``strict=True`` of ``zip`` (it guards an invariant).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_string

__all__ = ["Change", "Mutant", "changes_of"]

# Read, not imported: what is imported before the fork is not changed after it.
_ERRORS_FILE = Path(__file__).parents[2] / "reelmill" / "errors.py"
_ERRORS = frozenset(node.name for node in ast.parse(_ERRORS_FILE.read_text()).body if isinstance(node, ast.ClassDef))
_UNTOUCHED_CALLS = frozenset({"len", "isinstance", "getLogger", "cast", "alias"})  # an alias is a name only
_TYPES = frozenset({"TypeVar", "ParamSpec"})
_LOGGERS = frozenset({"log", "_log"})
_SHORT = 160  # characters of a line that is shown


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed file."""

    path: str
    """Relative to the repository."""
    lines: range
    """Where it was changed."""
    at_import: bool
    """The change stands outside every function."""
    before: str
    after: str
    source: str
    """The whole changed file."""

    @property
    def key(self) -> tuple[str, ...]:
        """By which it is known again: path, and the lines before and after."""
        return self.path, self.before, self.after

    def __str__(self) -> str:
        return f"{self.path}:{self.lines.start}: {_short(self.before)}  →  {_short(self.after)}"


@dataclass(frozen=True, slots=True)
class Change:
    """One place that can be changed, and how."""

    path: str
    module: cst.Module
    old: cst.CSTNode
    new: cst.CSTNode
    lines: range
    at_import: bool

    def mutant(self) -> Mutant | None:
        """The changed file, if it is still Python and another one."""
        original = self.module.code
        changed = self.module.deep_replace(self.old, self.new)
        assert isinstance(changed, cst.Module)
        source = changed.code
        if source == original or not _compiles(source):
            return None
        before, after = _differing(original, source)
        return Mutant(self.path, self.lines, self.at_import, before, after, source)


def changes_of(root: Path, path: str) -> list[Change]:
    """Every change that the operators know for a file, in the order of the file."""
    wrapper = MetadataWrapper(cst.parse_module((root / path).read_text()))
    visitor = _Visitor()
    module = wrapper.visit(visitor)
    return [Change(path, module, *found) for found in visitor.found]


class _Visitor(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        self.found: list[tuple[cst.CSTNode, cst.CSTNode, range, bool]] = []
        self._functions = 0
        self._errors: list[cst.Call] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _left_out(node):
            return False
        for new in self._mutations(node):
            where = self.get_metadata(PositionProvider, node)
            self.found.append((node, new, range(where.start.line, where.end.line + 1), not self._functions))
        self._functions += isinstance(node, cst.FunctionDef | cst.Lambda)
        if isinstance(node, cst.Call) and _name(node) in _ERRORS:
            self._errors.append(node)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if _left_out(original_node):
            return
        self._functions -= isinstance(original_node, cst.FunctionDef | cst.Lambda)
        if self._errors and self._errors[-1] is original_node:
            self._errors.pop()

    def _mutations(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        if isinstance(node, cst.Call) and _name(node) in _ERRORS:
            return  # a text less or None for a text: wording
        for kind, operator in mutation_operators:
            if isinstance(node, kind) and not (self._errors and operator is operator_string):
                yield from (new for new in operator(node) if _strict(new) == _strict(node))
        if isinstance(node, cst.Expr) and isinstance(node.value, cst.Call | cst.Await):
            yield cst.Pass()


def _left_out(node: cst.CSTNode) -> bool:
    match node:
        case (
            cst.Annotation()
            | cst.Decorator()
            | cst.Import()
            | cst.ImportFrom()
            | cst.Assert()
            | cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString())
            | cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value="__all__" | "__slots__"))])
        ):
            return True
        case cst.Expr(value=cst.Call(func=cst.Attribute(value=cst.Name(value=logger)))) if logger in _LOGGERS:
            return True
        case cst.Assign(value=cst.Call() as made) if _name(made) in _TYPES:
            return True
        case cst.Call():
            return _name(node) in _UNTOUCHED_CALLS
    return _is_strict(node)


def _strict(node: cst.CSTNode) -> bool:
    """Whether it is a call with ``strict=True``."""
    return isinstance(node, cst.Call) and any(_is_strict(arg) for arg in node.args)


def _is_strict(node: cst.CSTNode) -> bool:
    match node:
        case cst.Arg(keyword=cst.Name(value="strict"), value=cst.Name(value="True")):
            return True
    return False


def _name(call: cst.Call) -> str:
    match call.func:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
            return name
    return ""


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _differing(before: str, after: str) -> tuple[str, str]:
    """The lines in which two files differ, as one text each."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return " ".join(line.strip() for line in old), " ".join(line.strip() for line in new)


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"
