"""A plan for many machines: cut into shards in the output storage, opened elsewhere, and looked after by the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr

from reelmill.errors import FixConfiguration
from reelmill.jobs.engine import Engine
from reelmill.jobs.making import work_of
from reelmill.ledger.records import RunStatus, Standing
from reelmill.ledger.states import State
from reelmill.planning.actions import PlannedClip
from reelmill.planning.shards import Shard, in_shards, needs_signature, pack, unpack
from reelmill.planning.spool import Spool
from reelmill.production.work import Work
from reelmill.settings import Settings

__all__ = [
    "check_shards",
    "cut_plan",
    "due",
    "open_shard",
    "planned_in",
    "run_goes_on",
    "settings_of_child",
    "works_of_the_run_itself",
]

_OF_THE_MACHINE = {
    "catalogs_dir",
    "cms_url",
    "credentials_file",
    "ledger_url",
    "output",
    "storage_emulator_host",
    "webhook_url",
}
"""What a worker has from its own environment, as it has every secret: paths, what its network calls things, and
addresses that let in whoever knows them, as Prefect shows the parameters of a flow run to all who see it."""


def check_shards(engine: Engine) -> None:
    """Raises FixConfiguration if other machines could not work on this run."""
    if engine.settings.ledger_url.startswith("sqlite"):
        raise FixConfiguration(
            "Shards need a ledger that every worker reaches, and SQLite serves one machine.",
            "Set ledger_url to a PostgreSQL, or shard_clips to 0.",
        )
    if not engine.storage.is_cloud:
        raise FixConfiguration(
            f"Shards need an output that every worker reaches, and {engine.storage.root} is a folder of this machine.",
            "Set the output to gs://bucket/prefix, or shard_clips to 0.",
        )


def cut_plan(engine: Engine, run_id: str, spool: Spool) -> list[Shard]:
    """Write the plan's shards below ``plans/<run_id>/``, each created once, and say what they are.

    Clips whose pictures were signed are in none of them: see :func:`works_of_the_run_itself`. The files stay where
    they are; a lifecycle rule of the bucket may remove them once the run has ended.
    """
    shards = []
    for number, planned in enumerate(in_shards(spool.planned_clips(), engine.settings.shard_clips), start=1):
        shard, data = pack(run_id, number, planned)
        if not engine.storage.create(shard.name, data, "application/gzip"):
            unpack(shard, engine.storage.read(shard.name), engine.storage.uri(shard.name))  # a repeated cut is the same
        shards.append(shard)
    return shards


def works_of_the_run_itself(resumed: list[Work], spool: Spool) -> Iterator[Work]:
    """What no shard may have: clips taken over from earlier runs, and those whose pictures were signed in the feed."""
    yield from resumed
    for planned in spool.planned_clips():
        if needs_signature(planned):
            yield work_of(planned)


def planned_in(engine: Engine, shard: Shard) -> list[PlannedClip]:
    """Every clip of a shard. Raises FixConfiguration, naming the file, if it cannot be read."""
    where = engine.storage.uri(shard.name)
    try:
        data = engine.storage.read(shard.name)
    except FileNotFoundError:
        raise FixConfiguration(f"The shard {where} is not there.", "Run the catalog again.") from None
    return unpack(shard, data, where)


def due(engine: Engine, planned: list[PlannedClip]) -> list[PlannedClip]:
    """Those still to be made: nobody has begun them since they were planned, or whoever did never sent them."""
    standings = engine.ledger.standings([each.clip.clip_id for each in planned])
    return [each for each in planned if _is_due(each, standings.get(each.clip.clip_id))]


def _is_due(planned: PlannedClip, standing: Standing | None) -> bool:
    return standing is None or standing.state is State.RELEASED or standing.intent_id == planned.after


def open_shard(engine: Engine, shard: Shard) -> list[Work]:
    """What is due of a shard, on the machine that makes it.

    Raises FixConfiguration if its run is not in this machine's ledger, is for another output, or has ended.
    """
    run = engine.ledger.run(shard.run_id)
    if run is None:
        raise FixConfiguration(
            f"Run {shard.run_id} is not in the ledger of this worker.",
            "Give every worker the REELMILL_LEDGER_URL of the run that cuts the plan.",
        )
    if run.output != engine.storage.root or run.status is not RunStatus.RUNNING:
        raise FixConfiguration(
            f"Run {run.run_id} for {run.output} is {run.status.value}; its shard for {engine.storage.root} is void.",
            "Run the catalog again.",
        )
    return [work_of(planned) for planned in due(engine, planned_in(engine, shard))]


def run_goes_on(engine: Engine, run_id: str) -> bool:
    """Whether the run that a shard belongs to still waits for it."""
    run = engine.ledger.run(run_id)
    return run is not None and run.status is RunStatus.RUNNING


def settings_of_child(settings: Settings) -> dict[str, Any]:
    """Everything in force that decides what is bought, at what pace and within which caps, as plain JSON values.

    Secrets and what belongs to one machine stay out: a worker has those from its own environment.
    """
    shared = {
        name
        for name, field in type(settings).model_fields.items()
        if name not in _OF_THE_MACHINE and field.annotation is not SecretStr  # which would be dumped as asterisks
    }
    return settings.model_dump(mode="json", include=shared)
