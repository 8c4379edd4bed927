"""Templates made fast: inheritance flattened and what a request fixes worked out, once for many products.

A film's template says mostly the same for every product. Before the first render for a ratio, duration,
sound and variant, the chain of ``extends`` becomes one template and the known values become constants,
so that only the product's own words are left to do. Whatever this cannot do faithfully it leaves alone:
:func:`bake` then returns None and the template runs as written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, Template, nodes
from jinja2.optimizer import optimize
from jinja2.visitor import NodeTransformer

__all__ = ["bake"]

_LEFT_ALONE = (
    nodes.Import,
    nodes.FromImport,
    nodes.Include,
    nodes.Macro,
    nodes.CallBlock,
    nodes.FilterBlock,
    nodes.AssignBlock,
    nodes.NSRef,
    nodes.ScopedEvalContextModifier,
)


def bake(environment: Environment, sources: Mapping[str, str], name: str, known: Mapping[str, Any]) -> Template | None:
    """One flat template equal to ``name`` for requests with the ``known`` values, or None.

    ``known`` holds plain values and mappings of them; ``{"brand": {"look": …}}`` fixes ``brand.look``.
    """
    tree = flatten(environment, sources, name, known)
    if tree is None:
        return None
    code = environment.compile(tree, name, name)
    # A plain dict: Jinja's own layered globals cost a tenth of a render.
    return Template.from_code(environment, code, dict(environment.globals))


def flatten(
    environment: Environment, sources: Mapping[str, str], name: str, known: Mapping[str, Any]
) -> nodes.Template | None:
    """The tree of :func:`bake`."""
    chain = _chain(environment, sources, name)
    if chain is None or any(not _plain(tree, known) for tree in chain):
        return None
    blocks: dict[str, list[nodes.Node]] = {}
    first: list[nodes.Node] = []
    for tree in chain[:-1]:
        for node in tree.body:
            if isinstance(node, nodes.Assign):
                first.append(node)
            elif not isinstance(node, nodes.Extends | nodes.Block) and not _blank(node):
                return None
    for tree in chain:
        for block in tree.find_all(nodes.Block):
            blocks.setdefault(block.name, block.body)
    whole = nodes.Template([*first, *chain[-1].body], lineno=1)
    flat = _Flatten(blocks, known).visit(whole)
    flat.set_environment(environment)
    folded = _Prune().visit(optimize(flat, environment))
    folded.set_environment(environment)
    return folded if isinstance(folded, nodes.Template) else None


def _chain(environment: Environment, sources: Mapping[str, str], name: str) -> list[nodes.Template] | None:
    """The trees of a template and of those it extends, itself first."""
    chain: list[nodes.Template] = []
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        tree = environment.parse(sources[name], name)
        chain.append(tree)
        parents = list(tree.find_all(nodes.Extends))
        if not parents:
            return chain
        parent = parents[0]
        if len(parents) > 1 or parent not in tree.body or not isinstance(parent.template, nodes.Const):
            return None
        name = parent.template.value
    return None


def _plain(tree: nodes.Template, known: Mapping[str, Any]) -> bool:
    """Whether a tree holds nothing whose meaning would change when it is flattened."""
    if next(tree.find_all(_LEFT_ALONE), None) is not None:
        return False
    for used in tree.find_all(nodes.Name):
        if used.name in {"self", "super", "caller"} or (used.ctx != "load" and used.name in known):
            return False
    for block in tree.find_all(nodes.Block):
        if block.scoped or block.required:
            return False
    # A block inside a loop sees other names than the loop does.
    around = (nodes.For, nodes.With)
    return not any(next(node.find_all(nodes.Block), None) for node in tree.find_all(around))


def _blank(node: nodes.Node) -> bool:
    """Text outside the blocks of a template that extends another; Jinja drops it."""
    return isinstance(node, nodes.Output) and all(isinstance(part, nodes.TemplateData) for part in node.nodes)


class _Flatten(NodeTransformer):
    """Puts the most special block in place of each block, and constants in place of known names."""

    def __init__(self, blocks: Mapping[str, list[nodes.Node]], known: Mapping[str, Any]) -> None:
        self._blocks = blocks
        self._known = known

    def visit_Block(self, node: nodes.Block) -> nodes.Node:  # noqa: N802 - Jinja's naming
        body = [_copied(part) for part in self._blocks[node.name]]
        return self.generic_visit(nodes.Scope(body, lineno=node.lineno))

    def visit_Name(self, node: nodes.Name) -> nodes.Node:  # noqa: N802
        value = self._known.get(node.name)
        if node.name not in self._known or isinstance(value, Mapping):
            return node
        if isinstance(value, tuple):
            return nodes.Tuple([nodes.Const(item) for item in value], "load", lineno=node.lineno)
        return nodes.Const(value, lineno=node.lineno)

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:  # noqa: N802
        if isinstance(node.node, nodes.Name):
            fields = self._known.get(node.node.name)
            if isinstance(fields, Mapping) and node.attr in fields:
                return nodes.Const(fields[node.attr], lineno=node.lineno)
        return self.generic_visit(node)


class _Prune(NodeTransformer):
    """Takes the branch of every ``if`` that is already decided, opens empty scopes and joins texts."""

    def visit_If(self, node: nodes.If) -> Any:  # noqa: N802
        if node.elif_:
            first, *others = node.elif_
            node.else_ = [nodes.If(first.test, first.body, others, node.else_, lineno=first.lineno)]
            node.elif_ = []
        self.generic_visit(node)
        if not isinstance(node.test, nodes.Const):
            return node
        return node.body if node.test.value else node.else_

    def visit_Scope(self, node: nodes.Scope) -> Any:  # noqa: N802
        self.generic_visit(node)
        # A scope matters only to what it assigns.
        return node if next(node.find_all(nodes.Assign), None) else node.body

    def visit_Template(self, node: nodes.Template) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.body = _joined(node.body)
        return node


def _joined(body: list[nodes.Node]) -> list[nodes.Node]:
    """Neighbouring outputs as one, so that their constants become a single piece of text."""
    joined: list[nodes.Node] = []
    for node in body:
        last = joined[-1] if joined else None
        if isinstance(node, nodes.Output) and isinstance(last, nodes.Output):
            joined[-1] = nodes.Output([*last.nodes, *node.nodes], lineno=last.lineno)
        else:
            joined.append(node)
    return joined


def _copied(node: Any) -> Any:
    """A node and all below it anew: one block may stand in several flat templates."""
    if isinstance(node, list):
        return [_copied(item) for item in node]
    if not isinstance(node, nodes.Node):
        return node
    copy = type(node)(*(_copied(getattr(node, field)) for field in node.fields), lineno=node.lineno)
    copy.environment = node.environment
    return copy
