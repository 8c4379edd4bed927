"""A machine whose disk is full when a video shall be looked at."""

import resource
import tempfile
from contextlib import contextmanager

import pytest

from reelmill.errors import TryLater
from reelmill.production.collecting import inspect_videos
from reelmill.production.work import Work
from tests.support.production import clip, open_engine, producer


@contextmanager
def no_file_beyond(size: int):
    """As with a full disk, a write fails in the middle; root and small disks are not needed for it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_paid_video_waits_until_there_is_room_to_look_at_it(veo, gcs, tmp_path):
    with open_engine(tmp_path, veo, gcs, inspect="off") as engine:
        await producer(engine).produce(Work(clip()))
        [(_, intent)] = engine.ledger.intents()
    with open_engine(tmp_path, veo, gcs, output=engine.storage.root) as engine:
        studio = engine.studio()
        with no_file_beyond(1_000), pytest.raises(TryLater, match="Free some disk space"):
            inspect_videos(studio, clip(), intent, intent.video_uris)
        assert inspect_videos(studio, clip(), intent, intent.video_uris).poster_uri


async def test_it_waits_too_where_there_is_no_temporary_folder(veo, gcs, tmp_path, monkeypatch):
    with open_engine(tmp_path, veo, gcs, inspect="off") as engine:
        await producer(engine).produce(Work(clip()))
        [(_, intent)] = engine.ledger.intents()
    with open_engine(tmp_path, veo, gcs, output=engine.storage.root) as engine:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "unmounted"))
        with pytest.raises(TryLater, match="set TMPDIR"):
            inspect_videos(engine.studio(), clip(), intent, intent.video_uris)
