"""``reelmill manifest``: files that shops, catalogs and channels ingest, of the videos that may be shown."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console

from reelmill.cli.drafts import drafts_left_out
from reelmill.cli.options import Columns, DialectName, Json, Output, columns_of, not_blank, settings_with
from reelmill.cli.printing import count, out, print_json, print_text
from reelmill.errors import ExitCode, FixConfiguration
from reelmill.jobs.catalog import CatalogRequest
from reelmill.jobs.manifests import Made, ManifestRequest, make_manifests
from reelmill.jobs.outputs import output_of
from reelmill.ledger.ledger import Ledger

__all__ = ["manifest"]

_LISTED = 10

FormatName = Literal["merchant", "meta", "tiktok", "youtube", "amazon", "google-ads", "json", "ndjson", "csv"]


def manifest(
    *formats: Annotated[FormatName, Parameter(help="Which ones; all that can be written if none is named.")],
    output: Output = "",
    run: Annotated[
        str | None,
        Parameter(help="Only what this run made. A part of a catalog retires nothing.", converter=not_blank("--run")),
    ] = None,
    to: Annotated[str, Parameter(help="Folder or gs:// prefix for the files. Default: manifests/ in the output.")] = "",
    feed: Annotated[
        str, Parameter(help="The product feed: adds variants, descriptions, and the fields that TikTok requires.")
    ] = "",
    dialect: DialectName = None,
    column: Columns = (),
    youtube_ids: Annotated[
        str, Parameter(help="CSV of custom_id and video_id, after the YouTube upload: for google-ads.")
    ] = "",
    json: Json = False,
) -> int:
    """Write manifests of every video that may be shown, and take away what an earlier manifest listed."""
    settings = settings_with()
    if (column or dialect) and not feed:
        raise FixConfiguration("--column and --dialect say how a feed is read, and there is none.", "Add --feed.")
    asked = ManifestRequest(
        formats=formats,
        run_id=run,
        to=to,
        feed=CatalogRequest(feed=feed, dialect=dialect, columns=columns_of(column)) if feed else None,
        youtube_ids=youtube_ids,
    )
    with Ledger.open_existing(settings.ledger_url) as ledger:
        root = output_of(run, output, settings, ledger, writes=True)
        made = make_manifests(ledger, settings, root, asked)
    if json:
        print_json({"output": root} | made.to_dict())
    else:
        _print(out(), made)
    return ExitCode.ATTENTION if made.refused else ExitCode.OK


def _print(console: Console, made: Made) -> None:
    tally = made.tally
    console.print(
        f"{count(tally.clips, 'clip')} with a video: {tally.deliverables} to hand over, {tally.replaced} replaced, "
        f"{tally.withheld} withheld, {tally.retired} of vanished products"
    )
    if tally.withheld:
        print_text(console, "Withheld clips wait for an approval: reelmill review RUN; or set review = optional.")
    if told := drafts_left_out(tally.drafts):
        print_text(console, told)
    for what, remedy in tally.left_out():
        print_text(console, f"{what} {remedy}")
    for one in made.manifests:
        stand = f", {one.carried} left as they stood" if one.carried else ""
        print_text(
            console,
            f"{count(one.rows, 'row')}, {one.retired} retired, {one.refused} refused{stand}: {one.uri}",
            indent=2,
        )
    for name, remedy in made.left_out.items():
        print_text(console, f"{name} was left out. {remedy}")
    for trouble in made.troubles[:_LISTED]:
        what = "" if trouble.refused else " (written all the same)"
        print_text(
            console,
            f"{trouble.file} row {trouble.row}, {trouble.key[:60] or 'without a key'}: "
            f"{trouble.field} {trouble.reason}{what}. {trouble.remedy}",
            indent=2,
        )
    if len(made.troubles) > _LISTED:
        print_text(console, f"All of them: {made.problems_uri}", indent=2)
