"""``reelmill preview``: the prompts that real rows would be sent with, for free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from cyclopts import Parameter, validators
from rich.console import Console

from reelmill.cli.options import (
    Campaign,
    Columns,
    DialectName,
    Feed,
    Json,
    Only,
    Platforms,
    Variants,
    columns_of,
    names_of,
    settings_with,
)
from reelmill.cli.printing import count, money, out, print_json, print_text
from reelmill.cli.skus import skus_of
from reelmill.clip import Clip
from reelmill.errors import ExitCode
from reelmill.jobs.catalog import CatalogRequest, clip_builder, open_catalog_feed
from reelmill.product import Product, Reject
from reelmill.prompts.lint import lint_rendered

__all__ = ["preview"]

_PRODUCTS = 3
_REJECTS = 20


def preview(
    feed: Feed,
    *,
    only: Only = (),
    platforms: Platforms = (),
    limit: Annotated[
        int | None,
        Parameter(
            help="Show at most this many products. Default: 3, or those named.", validator=validators.Number(gte=1)
        ),
    ] = None,
    variants: Variants = None,
    campaign: Campaign = None,
    dialect: DialectName = None,
    column: Columns = (),
    json: Json = False,
) -> int:
    """Show the prompts of the first products (or of those named), with what lint says of them. Free."""
    settings = settings_with(variants=variants, campaign=campaign)
    skus = skus_of(only)
    request = CatalogRequest(
        feed=feed, platforms=names_of(platforms), only=skus, dialect=dialect, columns=columns_of(column)
    )
    builder = clip_builder(settings, request)
    rows = open_catalog_feed(request, settings)
    chosen = _Chosen(frozenset(skus), min(len(skus) or limit or _PRODUCTS, limit or len(skus) or _PRODUCTS))
    shown = [
        (clip, [str(finding) for finding in lint_rendered(rendered, product)])
        for product in chosen.products(rows)
        for clip, rendered in builder.build(product, "")
    ]
    code = ExitCode.ATTENTION if not shown or chosen.missing or (skus and chosen.rejects) else ExitCode.OK
    if json:
        prompts = [_as_dict(clip) | {"findings": findings} for clip, findings in shown]
        print_json({"prompts": prompts, **chosen.to_dict(), "exit_code": int(code)})
        return code
    console = out()
    for clip, findings in shown:
        _print(console, clip, findings)
    for reject in chosen.rejects:
        where = f"{reject.ref.file} row {reject.ref.row}"
        print_text(console, f"reject {where}, {reject.field}: {reject.reason} {reject.remedy}")
    if chosen.missing:
        print_text(console, f"Not in the feed: {', '.join(chosen.missing)}. Check the SKUs that were asked for.")
    console.print(f"{count(len(shown), 'prompt')} shown; nothing was spent.")
    return code


@dataclass(slots=True)
class _Chosen:
    """The first ``most`` products, or of those named; with the rows on the way that were refused, the first of them."""

    only: frozenset[str]
    most: int
    rejects: list[Reject] = field(default_factory=list)
    missing: tuple[str, ...] = ()

    def products(self, rows: Iterable[Product | Reject]) -> Iterator[Product]:
        found, unmet = 0, set(self.only)
        for row in rows:
            keys = {row.sku, *(row.keys if isinstance(row, Reject) else row.variants)}
            if self.only and self.only.isdisjoint(keys):
                continue
            unmet -= keys
            if isinstance(row, Product):
                yield row
                found += 1
            elif len(self.rejects) < _REJECTS:
                self.rejects.append(row)
            if found == self.most:
                return  # what else is in the feed is not known
        self.missing = tuple(sorted(unmet))

    def to_dict(self) -> dict[str, object]:
        rejects = [
            {"file": one.ref.file, "row": one.ref.row, "sku": one.sku, "field": one.field}
            | {"reason": one.reason, "remedy": one.remedy}
            for one in self.rejects
        ]
        return {"rejects": rejects, "not_in_feed": list(self.missing)}


def _as_dict(clip: Clip) -> dict[str, object]:
    return {
        "sku": clip.sku,
        "title": clip.title,
        "aspect_ratio": clip.request.aspect_ratio.value,
        "variant": clip.variant,
        "platforms": list(clip.platforms),
        "mode": clip.request.mode.value,
        "seconds": clip.request.duration_s,
        "audio": clip.request.audio,
        "template": clip.template,
        "template_version": clip.template_version,
        "estimated_usd": clip.estimated_usd,
        "prompt": clip.request.prompt,
        "negative_prompt": clip.request.negative_prompt,
    }


def _print(console: Console, clip: Clip, findings: Sequence[str]) -> None:
    heading = f"{clip.sku}  {clip.request.aspect_ratio.value}  {clip.template}  {money(clip.estimated_usd)}"
    console.print(heading, style="bold", markup=False)
    console.print(clip.request.prompt, markup=False)
    console.print(f"Kept out: {clip.request.negative_prompt}", markup=False, style="dim")
    for finding in findings:
        console.print(f"lint: {finding}", markup=False, style="yellow")
    console.print()
