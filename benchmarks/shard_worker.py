"""Make one shard as a worker's flow run does, without Prefect around it; prints what came of it as JSON."""

from __future__ import annotations

import asyncio
import json
import sys

from reelmill.jobs.engine import Engine
from reelmill.jobs.making import make_clips
from reelmill.jobs.shards import open_shard
from reelmill.planning.shards import Shard
from reelmill.production.producer import Producer
from reelmill.settings import load_settings


async def main(shard: Shard, output: str) -> int:
    """How many clips it delivered."""
    with Engine(load_settings(), output) as engine:
        producer = Producer(engine.studio(), shard.run_id)
        tally = await make_clips(engine, open_shard(engine, shard), producer.produce)
        if engine.stop.error is not None:
            raise engine.stop.error
        return sum(count for state, count in tally.counts.items() if state.delivered)


if __name__ == "__main__":
    print(json.dumps({"made": asyncio.run(main(Shard(**json.loads(sys.argv[1])), sys.argv[2]))}))
