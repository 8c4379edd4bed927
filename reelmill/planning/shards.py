"""Shards: a plan's clips in files of bounded size, made on one machine and read on another.

A shard is packed JSON lines: a header, then one planned clip a line. It holds no signed address. Whoever reads it
was told its digest by whoever wrote it, on another way than through the bucket, so that nobody who can write there
can have other clips made, or the same ones at another price.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import orjson

from reelmill.errors import FixConfiguration
from reelmill.planning.actions import PlannedClip
from reelmill.planning.plan_rows import planned_from_row, planned_row

__all__ = ["Shard", "in_shards", "needs_signature", "pack", "unpack"]

_FORMAT = "reelmill-shard"
_VERSION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One shard of a run's plan: its number from 1, its object name below the output root, and how many clips it has.

    ``digest`` is the SHA-256 of the file in hex digits.
    """

    run_id: str
    number: int
    name: str
    digest: str
    clips: int

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values; the keyword arguments of another one."""
        return asdict(self)


def needs_signature(planned: PlannedClip) -> bool:
    """Whether its pictures were signed in the feed: then it stays with the run, because signatures are never stored."""
    return bool(planned.sources)


def in_shards(planned: Iterable[PlannedClip], size: int) -> Iterator[list[PlannedClip]]:
    """The clips that may be stored, in lists of ``size``, the last one shorter; in the order of the plan."""
    storable = (each for each in planned if not needs_signature(each))
    while chunk := list(islice(storable, size)):
        yield chunk


def pack(run_id: str, number: int, planned: list[PlannedClip]) -> tuple[Shard, bytes]:
    """A shard and the bytes of its file: the same ones for the same clips. Signed addresses are left out."""
    header = {"format": _FORMAT, "version": _VERSION, "run_id": run_id, "number": number, "clips": len(planned)}
    lines = [header, *map(planned_row, planned)]
    text = b"".join(orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
    data = gzip.compress(text, mtime=0)
    shard = Shard(
        run_id=run_id,
        number=number,
        name=f"plans/{run_id}/shard-{number:05d}.jsonl.gz",
        digest=hashlib.sha256(data).hexdigest(),
        clips=len(planned),
    )
    return shard, data


def unpack(shard: Shard, data: bytes, where: str) -> list[PlannedClip]:
    """The clips of a shard's file, which was read from ``where``.

    Raises FixConfiguration, naming ``where``, for any other bytes than :func:`pack` gave.
    """
    if hashlib.sha256(data).hexdigest() != shard.digest:
        raise _unreadable(where, "it is not the file that the run wrote")
    try:
        header, *rows = map(orjson.loads, gzip.decompress(data).splitlines())
        if header["format"] != _FORMAT or header["version"] != _VERSION:
            raise _unreadable(where, f"its format is {header['format']!s:.40} {header['version']!s:.40}")
        if (header["run_id"], header["number"], header["clips"]) != (shard.run_id, shard.number, len(rows)):
            raise _unreadable(where, "it is a shard of something else")
        return [planned_from_row(row) for row in rows]
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise _unreadable(where, f"{type(error).__name__} in it") from None


def _unreadable(where: str, why: str) -> FixConfiguration:
    return FixConfiguration(
        f"The shard {where} cannot be read: {why}.",
        "Run the same Reelmill on every worker, let nobody else write to plans/, then run the catalog again.",
    )
