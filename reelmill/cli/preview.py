"""``reelmill preview``: the prompts that real rows would be sent with, for free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from cyclopts import Parameter

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
from reelmill.cli.printing import money, out, print_json
from reelmill.clip import Clip
from reelmill.errors import ExitCode
from reelmill.jobs.catalog import CatalogRequest, clip_builder, open_catalog_feed
from reelmill.planning.building import ClipBuilder
from reelmill.product import Product
from reelmill.prompts.lint import lint_rendered

__all__ = ["preview"]


def preview(
    feed: Feed,
    *,
    only: Only = (),
    platforms: Platforms = (),
    limit: Annotated[int, Parameter(help="Show at most this many products.")] = 3,
    variants: Variants = None,
    campaign: Campaign = None,
    dialect: DialectName = None,
    column: Columns = (),
    json: Json = False,
) -> int:
    """Show the prompts of the first products (or of those named), with what lint says of them. Free."""
    settings = settings_with(variants=variants, campaign=campaign)
    request = CatalogRequest(
        feed=feed, platforms=names_of(platforms), only=only, dialect=dialect, columns=columns_of(column)
    )
    builder = clip_builder(settings, request)
    products = _chosen(open_catalog_feed(request, settings), only, len(only) or limit)
    shown = [entry for product in products for entry in _entries(builder, product)]
    if json:
        print_json({"prompts": shown})
    else:
        for entry in shown:
            _print(entry)
        out().print(f"{len(shown)} prompts shown; nothing was spent.")
    return ExitCode.OK


def _chosen(rows: object, only: tuple[str, ...], most: int) -> Iterator[Product]:
    found = 0
    for row in rows:  # type: ignore[attr-defined]
        if found >= most:
            return
        if isinstance(row, Product) and (not only or not set(only).isdisjoint((row.sku, *row.variants))):
            found += 1
            yield row


def _entries(builder: ClipBuilder, product: Product) -> Iterator[dict[str, object]]:
    for clip, rendered in builder.build(product, ""):
        findings = [str(finding) for finding in lint_rendered(rendered, product)]
        yield _entry(clip) | {"findings": findings}


def _entry(clip: Clip) -> dict[str, object]:
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


def _print(entry: dict[str, object]) -> None:
    console = out()
    price = money(entry["estimated_usd"])  # type: ignore[arg-type]
    console.rule(f"{entry['sku']}  {entry['aspect_ratio']}  {entry['template']}  {price}", align="left")
    console.print(entry["prompt"], markup=False)
    console.print(f"Not shown: {entry['negative_prompt']}", markup=False, style="dim")
    for finding in entry["findings"]:  # type: ignore[attr-defined]
        console.print(f"lint: {finding}", markup=False, style="yellow")
    console.print()
