"""Writing manifests: what of an output may be handed over, in the formats asked for, beside it or elsewhere."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

from reelmill.delivery.addresses import PublicAddresses
from reelmill.delivery.formats import formats_named
from reelmill.delivery.listing import Tally, deliverables
from reelmill.delivery.manifest import Manifest, ManifestMaker, Trouble
from reelmill.delivery.spec import Need, Spec
from reelmill.delivery.spool import Spool
from reelmill.errors import FixConfiguration
from reelmill.jobs.catalog import CatalogRequest, open_catalog_feed
from reelmill.jobs.handing_over import open_terms
from reelmill.ledger.ledger import Ledger
from reelmill.settings import Settings
from reelmill.storage.names import safe_name
from reelmill.storage.open import open_storage

__all__ = ["Made", "ManifestRequest", "make_manifests"]

_KEPT = 1000
_PROBLEMS = "problems.ndjson"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRequest:
    """What is asked for: all formats if none is named, beside the output if no other place is.

    With ``run_id`` only what that run made is listed, in a folder of its own, and nothing is retired. ``youtube_ids``
    is a CSV with the columns custom_id and video_id.
    """

    formats: tuple[str, ...] = ()
    run_id: str | None = None
    to: str = ""
    feed: CatalogRequest | None = None
    youtube_ids: str = ""


@dataclass(slots=True)
class Made:
    """The files, the formats that could not be written and why, and what was refused or changed in them.

    ``troubles`` are the first thousand; ``problems_uri`` has all.
    """

    tally: Tally = field(default_factory=Tally)
    manifests: list[Manifest] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)  # format: remedy
    troubles: list[Trouble] = field(default_factory=list)
    problems_uri: str = ""

    @property
    def refused(self) -> int:
        """Rows that could not be written."""
        return sum(one.refused for one in self.manifests)

    def to_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "listed": self.tally.to_dict(),
            "manifests": [one.to_dict() for one in self.manifests],
            "left_out": self.left_out,
            "problems": self.problems_uri,
            "troubles": [one.to_dict() for one in self.troubles],
        }


def make_manifests(ledger: Ledger, settings: Settings, root: str, request: ManifestRequest) -> Made:
    """Write the manifests of the output ``root``. Nothing is uploaded anywhere else, and nothing is paid.

    What may be shown, review decides (setting ``review``).

    A format that lacks something (a public address, the feed) is left out if all were asked for; named, it raises
    FixConfiguration; so does an earlier manifest of an output that no run of this ledger was for, and in a rehearsal
    one of an output with bought videos.
    """
    made = Made()
    specs = list(_possible(settings, request, made))
    storage = open_storage(request.to or root, settings)
    prefix = _prefix(request)
    with Spool() as spool, tempfile.TemporaryDirectory(prefix="reelmill-problems-") as folder:
        catalog = settings.catalog or root
        spool.add_deliverables(
            deliverables(
                ledger,
                root,
                terms=open_terms(ledger, settings),
                catalog=catalog,
                run_id=request.run_id,
                tally=made.tally,
            )
        )
        if request.feed is not None:
            # A catalog knows items, whether or not they shared a clip.
            spool.add_feed(open_catalog_feed(request.feed, settings.model_copy(update={"split_variants": True})))
        path = Path(folder) / _PROBLEMS
        with path.open("wb") as file:
            maker = ManifestMaker(
                spool=spool,
                storage=storage,
                prefix=prefix,
                addresses=PublicAddresses(root, settings.public_base_url),
                tell=_Told(made, file),
                youtube_ids=_read_ids(request.youtube_ids),
                whole=request.run_id is None,
                with_feed=request.feed is not None,
            )
            if request.run_id is None and (mistake := _mistake(ledger, root, settings, made.tally)):
                _refuse_to_retire(maker, specs, *mistake)
            made.manifests = [maker.make(spec) for spec in specs]
        storage.upload(f"{prefix}{_PROBLEMS}", path, "application/x-ndjson")
        made.problems_uri = storage.uri(f"{prefix}{_PROBLEMS}")
    return made


def _mistake(ledger: Ledger, root: str, settings: Settings, listed: Tally) -> tuple[str, str] | None:
    """Why everything that an earlier manifest lists would be retired by mistake, and the remedy."""
    if root not in ledger.outputs():
        return f"no run of this ledger was for {root}", "Check REELMILL_LEDGER_URL, and the output."
    if settings.rehearsal and listed.other_stage:
        remedy = "Unset REELMILL_VERTEX_BASE_URL, or name another place with --to."
        return f"this is a rehearsal, and {root} has bought videos", remedy
    return None


def _refuse_to_retire(maker: ManifestMaker, specs: Iterable[Spec], why: str, remedy: str) -> None:
    """Raises FixConfiguration if an earlier manifest lists anything."""
    for spec in specs:
        if maker.lists_already(spec):
            words = f"{maker.prefix}{spec.file} lists rows already, and {why}: all of them would be retired."
            raise FixConfiguration(words, remedy)


def _possible(settings: Settings, request: ManifestRequest, made: Made) -> Iterator[Spec]:
    there = {
        Need.WEB: bool(settings.public_base_url),
        Need.FEED: request.feed is not None,
        Need.YOUTUBE_IDS: bool(request.youtube_ids),
    }
    for spec in formats_named(request.formats):
        missing = [need for need in spec.needs if not there[need]]
        if not missing:
            yield spec
            continue
        remedy = " ".join(need.remedy for need in missing)
        if request.formats:
            raise FixConfiguration(f"The {spec.title} cannot be written.", remedy)
        made.left_out[spec.name] = remedy


def _prefix(request: ManifestRequest) -> str:
    if request.to:
        return ""
    return "manifests/" if request.run_id is None else f"manifests/runs/{safe_name(request.run_id)}/"


def _read_ids(path: str) -> dict[str, str]:
    if not path:
        return {}
    remedy = "Give a CSV with the columns custom_id (of the YouTube sheet) and video_id."
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if not {"custom_id", "video_id"} <= set(rows.fieldnames or ()):
                raise FixConfiguration(f"{path} has no columns custom_id and video_id.", remedy)
            return {str(row["custom_id"]).strip(): str(row["video_id"] or "").strip() for row in rows}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FixConfiguration(f"{path} cannot be read ({error}).", remedy) from None


@dataclass(slots=True)
class _Told:
    """Keeps the first troubles and writes down all."""

    made: Made
    file: IO[bytes]

    def __call__(self, trouble: Trouble) -> None:
        if len(self.made.troubles) < _KEPT:
            self.made.troubles.append(trouble)
        self.file.write(orjson.dumps(trouble.to_dict(), option=orjson.OPT_APPEND_NEWLINE))
