import hashlib
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from reelmill.ledger.states import State
from reelmill.production import media_inputs
from reelmill.production.media_inputs import MediaInputs
from reelmill.production.work import Work
from reelmill.settings import ImageIdentity
from reelmill.veo.images import ImageFetcher
from tests.support.pictures import png
from tests.support.production import clip, open_engine, producer
from tests.support.videos import make_video


@pytest.fixture
def shop():
    """A shop's picture server: what it serves, and how often it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked[self.path] += 1
            body = self.server.pictures.get(self.path, b"not a picture")
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.pictures = Counter(), {"/lamp.png": png(64, 48)}
    server.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def inputs(engine, shop) -> MediaInputs:
    """New media inputs, as a later run has them, that may fetch from this one server on this machine."""
    media = MediaInputs(engine.storage, engine.settings)
    media.fetcher = ImageFetcher(rehearsal_origin=shop.origin)
    return media


def test_a_picture_is_fetched_once_kept_by_content_and_reused_by_later_runs(tmp_path, veo, gcs, shop):
    asked = clip(image=f"{shop.origin}/lamp.png")
    with open_engine(tmp_path, veo, gcs) as engine:
        first = inputs(engine, shop)
        found = first.resolve(asked)[asked.request.image]
        assert first.resolve(asked)[asked.request.image] == found
        assert inputs(engine, shop).resolve(asked)[asked.request.image] == found

    digest = hashlib.sha256(shop.pictures["/lamp.png"]).hexdigest()
    assert found.mime_type == "image/png"
    assert found.uri.endswith(f"/inputs/{digest}.png")
    assert gcs.read(found.uri) == shop.pictures["/lamp.png"]
    assert shop.asked["/lamp.png"] == 1


def test_clips_that_are_made_at_once_from_one_picture_fetch_it_once(tmp_path, veo, gcs, shop):
    asked = clip(image=f"{shop.origin}/lamp.png")
    with open_engine(tmp_path, veo, gcs) as engine, ThreadPoolExecutor(6) as threads:
        media, together = inputs(engine, shop), threading.Barrier(6)

        def make(_):
            together.wait()
            return media.resolve(asked)[asked.request.image]

        assert len({found.uri for found in threads.map(make, range(6))}) == 1
    assert shop.asked["/lamp.png"] == 1


def test_of_many_pictures_those_of_late_are_remembered(tmp_path, veo, gcs, shop, monkeypatch):
    monkeypatch.setattr(media_inputs, "_REMEMBERED", 2)
    asked = [clip(image=f"{shop.origin}/{number}.png") for number in range(3)]
    shop.pictures |= {f"/{number}.png": png(64, 48 + number) for number in range(3)}
    with open_engine(tmp_path, veo, gcs) as engine:
        media = inputs(engine, shop)
        for each in asked:
            media.resolve(each)
        assert list(media._known) == [each.request.image for each in asked[1:]]
        assert media.resolve(asked[0]) == inputs(engine, shop).resolve(asked[0])
    assert set(shop.asked.values()) == {1}


def test_a_picture_overwritten_in_place_is_noticed_when_asked_to(tmp_path, veo, gcs, shop):
    with open_engine(tmp_path, veo, gcs, image_identity=ImageIdentity.CONTENT) as engine:
        before = inputs(engine, shop).content_hash(f"{shop.origin}/lamp.png")
        shop.pictures["/lamp.png"] = png(64, 48, shade=90)
        after = inputs(engine, shop).content_hash(f"{shop.origin}/lamp.png")
    assert before != after


def test_a_clip_gets_the_very_picture_that_it_was_identified_by(tmp_path, veo, gcs, shop):
    address, other = f"{shop.origin}/lamp.png", f"{shop.origin}/other.png"
    with open_engine(tmp_path, veo, gcs, image_identity=ImageIdentity.CONTENT) as engine:
        digest = inputs(engine, shop).content_hash(address)
        shop.pictures |= {"/lamp.png": png(64, 48, shade=90), "/other.png": png(48, 64)}
        for foreign in (f"inputs/{digest}.bak", f"inputs/{digest}-x.jpg"):  # which come first in a list
            engine.storage.create(foreign, b"no picture of ours", "image/jpeg")
        asked = replace(clip(image=address, last_frame=other), content_hashes=(digest, "0" * 64))
        found = inputs(engine, shop).resolve(asked)

    assert found[address].uri.endswith(f"/inputs/{digest}.png")
    assert found[other].uri.endswith(f"/inputs/{hashlib.sha256(shop.pictures['/other.png']).hexdigest()}.png")


def test_a_clip_gets_its_own_picture_also_after_another_was_found_at_the_address(tmp_path, veo, gcs, shop):
    address = f"{shop.origin}/lamp.png"
    with open_engine(tmp_path, veo, gcs, image_identity=ImageIdentity.CONTENT) as engine:
        media = inputs(engine, shop)
        digests = [media.content_hash(address)]
        shop.pictures["/lamp.png"] = png(64, 48, shade=90)
        digests.append(media.content_hash(address))  # by the next product of the same plan
        of_each = [media.resolve(replace(clip(image=address), content_hashes=(digest,))) for digest in digests]

    assert [found[address].uri.rpartition("/")[2] for found in of_each] == [f"{digest}.png" for digest in digests]
    assert shop.asked["/lamp.png"] == 2


def test_a_kept_picture_that_is_gone_is_fetched_again(tmp_path, veo, gcs, shop):
    asked = clip(image=f"{shop.origin}/lamp.png")
    with open_engine(tmp_path, veo, gcs) as engine:
        kept = inputs(engine, shop).resolve(asked)[asked.request.image]
        bucket, _, name = kept.uri.removeprefix("gs://").partition("/")
        gcs.client().bucket(bucket).blob(name).delete()
        again = inputs(engine, shop).resolve(asked)[asked.request.image]

    assert (again, shop.asked["/lamp.png"]) == (kept, 2)
    assert gcs.read(again.uri) == shop.pictures["/lamp.png"]


@pytest.mark.parametrize(
    ("name", "mime_type"), [("lamp.PNG", "image/png"), ("lamp.jpeg", "image/jpeg"), ("lamp", "image/jpeg")]
)
def test_a_picture_in_cloud_storage_is_named_by_its_type(tmp_path, veo, gcs, shop, name, mime_type):
    asked = clip(image=f"gs://shop/{name}")
    with open_engine(tmp_path, veo, gcs) as engine:
        found = inputs(engine, shop).resolve(asked)[asked.request.image]

    assert (found.uri, found.mime_type) == (asked.request.image, mime_type)


def test_a_folder_hands_the_bytes_over(tmp_path, veo, shop):
    asked = clip(image=f"{shop.origin}/lamp.png")
    with open_engine(tmp_path, veo) as engine:
        found = inputs(engine, shop).resolve(asked)[asked.request.image]
        assert found.uri is None
        assert found.data == shop.pictures["/lamp.png"]
        again = inputs(engine, shop)
        assert again.resolve(asked)[asked.request.image] == found
        (kept,) = (stored.name for stored in engine.storage.list("inputs/") if stored.name.endswith(".png"))
        engine.storage.delete(kept)  # somebody tidied up
        assert again.resolve(asked)[asked.request.image] == found
    assert shop.asked["/lamp.png"] == 2


async def test_what_is_no_picture_fails_the_clip_before_anything_is_sent(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        posts = veo.stats()["posts"]
        result = await producer(engine).produce(Work(clip("p-1", image="https://169.254.169.254/latest/meta-data")))
        totals = engine.ledger.totals()

    assert result.state is State.FAILED
    assert "169.254" in result.detail
    assert totals[State.FAILED].reserved_usd == 0
    assert veo.stats()["posts"] == posts


async def test_a_missing_gs_picture_fails_as_the_service_does(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        result = await producer(engine).produce(Work(clip("p-2", image="gs://nowhere-at-all/lamp.png")))
    assert result.state is State.FAILED
    assert result.charged_usd == 0


@pytest.mark.parametrize(
    ("model", "media", "seconds"),
    [
        ("veo-3.1-fast-generate-001", {"image": "a"}, 4),
        ("veo-3.1-fast-generate-001", {"image": "a", "last_frame": "b"}, 6),
        ("veo-3.1-fast-generate-001", {"reference_images": ("a", "b")}, 8),
        ("veo-3.1-fast-generate-001", {"video": "v"}, 7),
    ],
)
async def test_every_mode_goes_all_the_way(tmp_path, veo, gcs, model, media, seconds):
    bucket = gcs.bucket()
    pictures = {name: gcs.put(f"gs://{bucket}/{name}.png", png(1280, 720), "image/png") for name in "ab"}
    make_video(tmp_path / "v.mp4", width=1280, height=720)
    source = gcs.put(f"gs://{bucket}/v.mp4", (tmp_path / "v.mp4").read_bytes(), "video/mp4")
    named = {"v": source, **pictures}
    asked = {
        field: tuple(named[each] for each in value) if isinstance(value, tuple) else named[value]
        for field, value in media.items()
    }
    with open_engine(tmp_path, veo, gcs, inspect="off") as engine:
        result = await producer(engine).produce(Work(clip(f"mode-{seconds}", duration_s=seconds, model=model, **asked)))
    assert result.state is State.SUCCEEDED, result.detail


def test_a_finished_clip_is_compared_with_the_picture_that_it_was_made_from_without_fetching_it_again(
    tmp_path, veo, gcs, shop
):
    address, elsewhere = f"{shop.origin}/lamp.png", "gs://shop-of-likeness/lamp.png"
    with open_engine(tmp_path, veo, gcs) as engine:
        gcs.client().create_bucket("shop-of-likeness").blob("lamp.png").upload_from_string(b"from the bucket")
        media = inputs(engine, shop)
        assert media.picture(clip(image=address)) is None  # no clip was made from it yet
        media.resolve(clip(image=address))
        found = [media.picture(clip(**asked)) for asked in ({"image": address}, {"image": elsewhere}, {})]
        gone = media.picture(clip(image="gs://nowhere-at-all/lamp.png"))
    assert found == [shop.pictures["/lamp.png"], b"from the bucket", None]
    assert gone is None
    assert shop.asked["/lamp.png"] == 1


def test_a_clip_made_of_words_is_compared_with_its_products_picture_if_asked_to(tmp_path, veo, gcs, shop):
    of_words = replace(clip(), picture=f"{shop.origin}/lamp.png")
    lost = [
        replace(of_words, picture=address) for address in (f"{shop.origin}/no.png", "https://a.example/b.png#signed")
    ]
    with open_engine(tmp_path, veo, gcs) as engine:
        assert inputs(engine, shop).picture(of_words) is None
    assert not shop.asked
    with open_engine(tmp_path, veo, gcs, compare_pictures=True) as engine:
        found = [inputs(engine, shop).picture(of_words) for _ in range(2)]
        assert [inputs(engine, shop).picture(one) for one in lost] == [None, None]
    assert found == [shop.pictures["/lamp.png"]] * 2
    assert shop.asked["/lamp.png"] == 1


def test_a_picture_in_cloud_storage_counts_by_its_address(tmp_path, veo, gcs, shop):
    address = "gs://nowhere-at-all/lamp.png"
    with open_engine(tmp_path, veo, gcs) as engine:
        assert inputs(engine, shop).content_hash(address) == hashlib.sha256(address.encode()).hexdigest()
