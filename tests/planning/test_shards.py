"""Shards: what one machine packs another one unpacks, to the cent, and nothing else passes for it."""

import gzip
import hashlib
from dataclasses import replace
from decimal import Decimal
from functools import partial

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.clip import Clip, Resolution, VideoRequest
from reelmill.errors import FixConfiguration
from reelmill.planning.actions import PlannedClip
from reelmill.planning.shards import in_shards, pack, unpack
from reelmill.platforms import NativeRatio

words = st.text(max_size=40).map(lambda text: text.encode("utf-8", "ignore").decode())
addresses = st.sampled_from(
    ["https://shop.example.com/1.jpg", "gs://bucket/2.png", "https://shop.example.com/3#signed"]
)
requests = st.builds(
    VideoRequest,
    model=st.sampled_from(["veo-3.1-fast-generate-001", "veo-3.1-lite-generate-001"]),
    prompt=words,
    negative_prompt=words,
    aspect_ratio=st.sampled_from(NativeRatio),
    duration_s=st.integers(4, 8),
    resolution=st.sampled_from(Resolution),
    audio=st.booleans(),
    samples=st.integers(1, 4),
    seed=st.none() | st.integers(0, 4294967295),
    image=st.none() | addresses,
    last_frame=st.none() | addresses,
    reference_images=st.lists(addresses, max_size=3).map(tuple),
)
clips = st.builds(
    Clip,
    clip_id=st.text("0123456789abcdef", min_size=32, max_size=32),
    request=requests,
    variant=st.integers(1, 10),
    sku=words,
    title=words,
    category=words,
    unit_price_usd=st.decimals(0, 10, places=4),
    price_date=st.just("2026-10-08"),
    template=words,
    template_version=words,
    input_hash=words,
    platforms=st.lists(words, max_size=3).map(tuple),
    campaign=words,
    content_hashes=st.lists(words, max_size=2).map(tuple),
)
planned_clips = st.builds(
    PlannedClip,
    clip=clips,
    again=st.booleans(),
    after=st.none() | words,
    sources=st.just({}),
    soften=st.booleans(),
    draft=st.booleans(),
)


def one(sku="A") -> PlannedClip:
    request = VideoRequest(model="veo-3.1-fast-generate-001", prompt="Turns.", aspect_ratio=NativeRatio.PORTRAIT)
    clip = Clip(
        clip_id=Clip.identify(request, sku, 1),
        request=request,
        variant=1,
        sku=sku,
        title="Bowl",
        category="Home",
        unit_price_usd=Decimal("0.10"),
        price_date="2026-10-08",
        template="home/9x16",
        template_version="0" * 12,
        input_hash="0" * 32,
        platforms=("tiktok",),
    )
    return PlannedClip(clip)


@settings(max_examples=60, deadline=None)
@given(st.lists(planned_clips, max_size=5), st.integers(1, 99_999))
def test_what_is_packed_is_unpacked(planned, number):
    shard, data = pack("r1", number, planned)

    assert unpack(shard, data, "here") == planned
    assert pack("r1", number, planned) == (shard, data), "a repeated cut writes the same bytes"
    assert shard.clips == len(planned)


@settings(max_examples=60, deadline=None)
@given(st.lists(planned_clips, min_size=1, max_size=3), st.data())
def test_a_changed_byte_is_refused_by_name(planned, data):
    shard, packed = pack("r1", 1, planned)
    at = data.draw(st.integers(0, len(packed) - 1))
    changed = packed[:at] + bytes([packed[at] ^ data.draw(st.integers(1, 255))]) + packed[at + 1 :]

    for wrong in (changed, packed[:at], b""):
        with pytest.raises(FixConfiguration, match=r"gs://bucket/plans/r1/shard-00001\.jsonl\.gz"):
            unpack(shard, wrong, "gs://bucket/plans/r1/shard-00001.jsonl.gz")


_packed = partial(gzip.compress, mtime=0)  # the moment must not be in a test's name


@pytest.mark.parametrize(
    "wrong",
    [
        b"no gzip",
        _packed(b"no json\n"),
        _packed(b""),
        _packed(b"[]\n"),
        _packed(orjson.dumps({"format": "reelmill-shard", "version": 1})),
        _packed(orjson.dumps({"format": "reelmill-shard", "version": 2, "run_id": "r2", "number": 1, "clips": 0})),
        _packed(
            orjson.dumps({"format": "reelmill-shard", "version": 2, "run_id": "r1", "number": 1, "clips": 1}) + b"\n{}"
        ),
    ],
)
def test_what_a_run_of_another_version_wrote_is_refused_in_words(wrong):
    shard, _ = pack("r1", 1, [])
    with pytest.raises(FixConfiguration, match="The shard here cannot be read"):
        unpack(replace(shard, digest=hashlib.sha256(wrong).hexdigest()), wrong, "here")


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=30), st.integers(1, 7))
def test_signed_clips_are_in_no_shard_and_no_other_is_lost(signed, size):
    planned = [
        replace(one(str(number)), sources={"https://a#signed": "https://a?sig=SECRET"} if is_signed else {})
        for number, is_signed in enumerate(signed)
    ]

    chunks = list(in_shards(planned, size))

    assert [each for chunk in chunks for each in chunk] == [each for each in planned if not each.sources]
    assert all(len(chunk) == size for chunk in chunks[:-1])
    assert all(0 < len(chunk) <= size for chunk in chunks)


def test_a_signature_is_never_written():
    _, data = pack("r1", 1, [replace(one(), sources={"https://a#signed": "https://a?sig=SECRET"})])

    assert b"SECRET" not in gzip.decompress(data)
