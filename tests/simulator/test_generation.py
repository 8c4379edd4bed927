from __future__ import annotations

import base64
import io
import random
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials

from tests.support.services import simulator
from tests.support.vertex_http import MODEL, VertexHttp
from tests.support.videos import make_video


@pytest.fixture(scope="module")
def real(storage):
    """A simulator that makes pictures at real size."""
    with simulator(storage.url, fast_videos=False) as service:
        yield service


@pytest.fixture
def client(real):
    return genai.Client(
        vertexai=True,
        project="p",
        location="us-central1",
        credentials=Credentials(token="static-token"),
        http_options=types.HttpOptions(
            base_url=real.url, api_version="v1", timeout=20_000, retry_options=types.HttpRetryOptions(attempts=1)
        ),
    )


def finish(client, operation, deadline_s=30):
    deadline = time.monotonic() + deadline_s
    while not operation.done and time.monotonic() < deadline:
        time.sleep(0.05)
        operation = client.operations.get(operation)
    assert operation.done, "not done in time"
    return operation


def look(data):
    """Size, rate, seconds, frames and sound of an MP4, and a few of its frames."""
    with av.open(io.BytesIO(data)) as container:
        video = container.streams.video[0]
        assert video.codec_context.name == "h264"
        facts = {
            "size": (video.width, video.height),
            "rate": video.average_rate,
            "seconds": float(video.duration * video.time_base),
            "audio": [(stream.codec_context.name, stream.rate) for stream in container.streams.audio],
        }
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    return facts | {"frames": len(frames)}, frames


def png(width=64, height=48):
    frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), (200, 30, 30), np.uint8), format="rgb24")
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = width, height, "rgb24", Fraction(1, 24)
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def test_a_real_client_gets_real_videos_into_cloud_storage(client, real, storage):
    bucket = storage.bucket()
    operation = client.models.generate_videos(
        model=MODEL,
        source=types.GenerateVideosSource(prompt="The Aurora running shoe on wet basalt"),
        config=types.GenerateVideosConfig(
            aspect_ratio="9:16",
            duration_seconds=4,
            resolution="720p",
            number_of_videos=2,
            generate_audio=True,
            output_gcs_uri=f"gs://{bucket}/run/clip/",
            labels={"sku": "au-1", "run": "r1"},
        ),
    )
    assert not list(storage.client().list_blobs(bucket)), "nothing may exist before it is done"
    operation = finish(client, operation)
    assert operation.error is None
    assert operation.response.rai_media_filtered_count == 0
    uris = [video.video.uri for video in operation.response.generated_videos]
    folder = uris[0].removeprefix(f"gs://{bucket}/run/clip/").split("/")[0]
    assert 0 <= int(folder) < 2**64
    assert uris == [f"gs://{bucket}/run/clip/{folder}/sample_{number}.mp4" for number in (0, 1)]
    first, second = (storage.read(uri) for uri in uris)
    facts, frames = look(first)
    assert facts == {"size": (720, 1280), "rate": 24, "seconds": 4.0, "audio": [("aac", 48000)], "frames": 96}
    assert all(frame.mean() > 40 for frame in frames), "not black"
    assert np.abs(frames[0].astype(int) - frames[12]).mean() > 1, "not frozen"
    other = look(second)[1][0]
    assert np.abs(other.astype(int) - frames[0]).mean() > 1, "samples are distinct pictures"
    record = next(each for each in real.journal() if each["operation"] == operation.name)
    assert record["labels"] == {"sku": "au-1", "run": "r1"}
    assert record["video_uris"] == uris
    assert (record["seconds"], record["samples"], record["returned"], record["outcome"]) == (4, 2, 2, "succeeded")
    assert record["amount_usd"] == "0.80"


@pytest.mark.parametrize(
    ("resolution", "ratio", "size"),
    [("720p", "16:9", (1280, 720)), ("1080p", "9:16", (1080, 1920))],
)
def test_size_length_and_silence_are_as_asked(real, storage, resolution, ratio, size):
    bucket = storage.bucket()
    http = VertexHttp(real.url)
    done = http.result(
        http.accepted(
            resolution=resolution,
            aspectRatio=ratio,
            durationSeconds=6,
            generateAudio=False,
            storageUri=f"gs://{bucket}",
        )
    )
    uri = done["response"]["videos"][0]["gcsUri"]
    facts, _ = look(storage.read(uri))
    assert facts == {"size": size, "rate": 24, "seconds": 6.0, "audio": [], "frames": 144}


def test_without_a_storage_uri_the_bytes_come_inline(client):
    operation = client.models.generate_videos(
        model=MODEL,
        source=types.GenerateVideosSource(prompt="A mug"),
        config=types.GenerateVideosConfig(duration_seconds=4),
    )
    video = finish(client, operation).response.generated_videos[0].video
    assert video.uri is None
    assert look(video.video_bytes)[0]["size"] == (1280, 720)


def test_fast_videos_are_whole_and_each_is_unique(http, storage):
    bucket = storage.bucket()
    uris = []
    for _ in range(2):
        done = http.result(http.accepted(sampleCount=2, storageUri=f"gs://{bucket}/f"))
        uris += [video["gcsUri"] for video in done["response"]["videos"]]
    videos = [storage.read(uri) for uri in uris]
    assert len(set(videos)) == 4
    assert {look(data)[0]["frames"] for data in videos} == {192}


def test_ready_videos_are_handed_out_as_they_are(storage, tmp_path):
    footage = make_video(tmp_path / "footage.mp4", seconds=1).read_bytes()
    with simulator(storage.url, videos=tmp_path) as service:
        http, uri = VertexHttp(service.url), f"gs://{storage.bucket()}/r"
        done = [http.result(http.accepted(storageUri=uri))["response"]["videos"][0]["gcsUri"] for _ in range(2)]
    videos = [storage.read(uri) for uri in done]
    assert all(data.startswith(footage) for data in videos)
    assert videos[0] != videos[1]
    assert look(videos[0])[0]["frames"] == 24


def test_inputs_are_read_from_cloud_storage(http, storage, record):
    bucket = storage.bucket()
    image = storage.put(f"gs://{bucket}/in/shoe.png", png(), "image/png")
    name = http.accepted(
        instance={
            "image": {"gcsUri": image, "mimeType": "image/png"},
            "lastFrame": {"gcsUri": image, "mimeType": "image/png"},
        }
    )
    assert http.result(name)["response"]["videos"]
    assert record(name)["inputs"] == [image, image]
    assert record(name)["feature"] == "image_to_video"


def test_the_first_frame_shows_in_the_picture(real, storage):
    bucket = storage.bucket()
    http = VertexHttp(real.url)
    picture = base64.b64encode(png(128, 72)).decode()
    done = http.result(
        http.accepted(
            instance={"image": {"bytesBase64Encoded": picture, "mimeType": "image/png"}},
            durationSeconds=4,
            storageUri=f"gs://{bucket}/i",
        )
    )
    with av.open(io.BytesIO(storage.read(done["response"]["videos"][0]["gcsUri"]))) as container:
        corner = next(container.decode(video=0)).to_ndarray(format="rgb24")[5:60, 5:60].reshape(-1, 3).mean(axis=0)
    assert corner[0] > 2 * corner[1], "red as the image"
    assert corner[0] > 2 * corner[2]


@pytest.mark.parametrize("role", ["image", "video", "referenceImages"])
def test_a_missing_input_fails_after_it_was_accepted(http, storage, role, record):
    bucket = storage.bucket()
    kind = "video/mp4" if role == "video" else "image/png"
    media = {"gcsUri": f"gs://{bucket}/nothing", "mimeType": kind}
    given = [{"image": media, "referenceType": "ASSET"}] if role == "referenceImages" else media
    name = http.accepted(instance={role: given})
    failure = http.result(name)["error"]
    assert failure["code"] == 5
    assert f"gs://{bucket}/nothing" in failure["message"]
    assert (record(name)["outcome"], record(name)["amount_usd"]) == ("failed", "0")


def test_an_input_that_is_no_image_fails(http):
    junk = {"bytesBase64Encoded": base64.b64encode(b"no image").decode(), "mimeType": "image/png"}
    assert http.error(instance={"image": junk})[0] == 3


def test_a_missing_output_bucket_fails_and_costs_nothing(http, record):
    name = http.accepted(storageUri="gs://there-is-no-such-bucket/x")
    assert http.result(name)["error"]["code"] == 5
    assert record(name)["amount_usd"] == "0"


def test_an_extension_returns_the_whole_and_bills_seven_seconds(http, storage, record):
    bucket = storage.bucket()
    first = http.result(http.accepted(durationSeconds=4, storageUri=f"gs://{bucket}/a"))
    video = first["response"]["videos"][0]["gcsUri"]
    name = http.accepted(instance={"video": {"gcsUri": video, "mimeType": "video/mp4"}}, storageUri=f"gs://{bucket}/b")
    longer = http.result(name)["response"]["videos"][0]["gcsUri"]
    assert look(storage.read(longer))[0]["frames"] == 11 * 24
    assert (record(name)["seconds"], record(name)["amount_usd"]) == (7, "0.70")


@pytest.mark.parametrize("seconds", [0.5, 36])
def test_an_extension_of_a_video_that_is_too_short_or_long_fails(http, tmp_path, record, seconds):
    path = make_video(tmp_path / "v.mp4", width=64, height=36, seconds=seconds, sound=None)
    video = {"bytesBase64Encoded": base64.b64encode(path.read_bytes()).decode(), "mimeType": "video/mp4"}
    name = http.accepted(instance={"video": video})
    assert http.result(name)["error"] == {
        "code": 3,
        "message": f"The input video has {seconds:g} seconds, supported are 1 to 30.",
    }
    assert record(name)["amount_usd"] == "0"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory of another process is read from /proc")
def test_memory_does_not_grow_with_the_videos_that_come_inline(storage, tmp_path):
    (tmp_path / "v.mp4").write_bytes(random.Random(0).randbytes(2_000_000))
    with simulator(storage.url, quota_per_minute=0, latency="0:0", videos=str(tmp_path)) as service:
        http, status = VertexHttp(service.url), Path(f"/proc/{service.service.pid}/status")

        def mib_after(count):
            names = [http.accepted() for _ in range(count)]
            for name in names:
                http.result(name)
            return next(int(line.split()[1]) for line in status.read_text().splitlines() if "VmRSS" in line) / 1024

        begun = mib_after(3)
        assert mib_after(25) - begun < 30, "25 of them take 67 MB"
        assert base64.b64decode(http.result(http.accepted())["response"]["videos"][0]["bytesBase64Encoded"])
