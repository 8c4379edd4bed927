"""``reelmill preview``: the prompts that real rows would be sent with, for free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
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
from reelmill.cli.printing import count, money, out, print_json
from reelmill.cli.skus import skus_of
from reelmill.clip import Clip
from reelmill.errors import ExitCode
from reelmill.jobs.catalog import CatalogRequest, clip_builder, open_catalog_feed
from reelmill.product import Product, Reject
from reelmill.prompts.lint import lint_rendered

__all__ = ["preview"]


def preview(
    feed: Feed,
    *,
    only: Only = (),
    platforms: Platforms = (),
    limit: Annotated[int, Parameter(help="Show at most this many products.", validator=validators.Number(gte=1))] = 3,
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
    products = islice(_chosen(rows, frozenset(skus)), len(skus) or limit)
    shown = [
        (clip, [str(finding) for finding in lint_rendered(rendered, product)])
        for product in products
        for clip, rendered in builder.build(product, "")
    ]
    if json:
        print_json({"prompts": [_as_dict(clip) | {"findings": findings} for clip, findings in shown]})
        return ExitCode.OK
    console = out()
    for clip, findings in shown:
        _print(console, clip, findings)
    console.print(f"{count(len(shown), 'prompt')} shown; nothing was spent.")
    return ExitCode.OK


def _chosen(rows: Iterable[Product | Reject], only: frozenset[str]) -> Iterator[Product]:
    for row in rows:
        if isinstance(row, Product) and (not only or not only.isdisjoint((row.sku, *row.variants))):
            yield row


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
