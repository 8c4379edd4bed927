"""``reelmill gallery``: a run's page, written into its output or copied whole into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from reelmill.cli.choosing import chosen_run
from reelmill.cli.options import Json, not_blank, settings_with
from reelmill.cli.printing import count, out, print_json, print_text, shown
from reelmill.errors import ExitCode, FixConfiguration
from reelmill.jobs.galleries import Copied, copy_gallery, write_gallery
from reelmill.ledger.ledger import Ledger
from reelmill.storage.browse import browse_address
from reelmill.storage.open import open_storage

__all__ = ["gallery"]

_LISTED = 5


def gallery(
    run: Annotated[
        str, Parameter(help="Run id; the latest run with clips if left out.", converter=not_blank("RUN"))
    ] = "",
    *,
    to: Annotated[
        Path | None, Parameter(help="Copy page, posters and videos into this folder, which then needs nothing else.")
    ] = None,
    videos: Annotated[bool, Parameter(help="Take the videos along, or posters only.")] = True,
    json: Json = False,
) -> int:
    """Write the gallery of a run afresh, or copy it into a folder. It opens from disk, without a server or network."""
    if to is None and not videos:
        raise FixConfiguration("--no-videos is for a copy, and none was asked for.", "Add --to FOLDER.")
    settings = settings_with()
    copied: Copied | None = None
    with Ledger.open_existing(settings.ledger_url) as ledger:
        found = chosen_run(run, settings, ledger)
        storage = open_storage(found.output, settings)
        if to is None:
            where = write_gallery(ledger, storage, found.run_id)
        else:
            copied = copy_gallery(ledger, storage, found.run_id, to.expanduser().absolute(), videos=videos)
            where = str(copied.index)
    address = browse_address(where, settings) or where
    code = ExitCode.ATTENTION if copied is not None and copied.missing else ExitCode.OK
    if json:
        print_json(
            {"run_id": found.run_id, "gallery": where, "address": address, **_as_dict(copied), "exit_code": int(code)}
        )
        return code
    console = out()
    console.print(f"[bold]Gallery[/] of {found.run_id}: {shown(address)}", soft_wrap=True)
    if copied is not None:
        told = f"{count(copied.clips, 'clip')}, {count(copied.media, 'file')} of media"
        sheet = f"; contact sheet {shown(str(copied.contact_sheet))}" if copied.contact_sheet else ""
        console.print(f"{told}{sheet}", soft_wrap=True)
        for name in copied.missing[:_LISTED]:
            print_text(console, f"missing {name}")
        if len(copied.missing) > _LISTED:
            console.print(f"… and {len(copied.missing) - _LISTED} more objects are missing from the output.")
    return code


def _as_dict(copied: Copied | None) -> dict[str, object]:
    if copied is None:
        return {}
    return {
        "clips": copied.clips,
        "media": copied.media,
        "missing": list(copied.missing),
        "contact_sheet": str(copied.contact_sheet) if copied.contact_sheet else None,
    }
