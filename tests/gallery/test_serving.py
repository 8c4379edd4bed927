"""The served gallery answers its own page on this machine, and nobody else, with its own files, and nothing else."""

import json
import socket
import uuid
from pathlib import Path

import httpx
import pytest

from reelmill.gallery.serving import new_secret, review_app
from reelmill.jobs.reviewing import ReviewDesk
from reelmill.ledger.records import Decision, ReviewedVia
from tests.support.review_shop import RUN, made_for, media, preview, review_shop, shop_clip
from tests.support.served import served

SECRET = "a-secret-of-this-test"
OURS = {"Origin": "ours", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    with review_shop(f"sqlite:///{folder}/ledger.db", str(folder / "reels")) as opened:
        yield opened


@pytest.fixture(scope="module")
def intents(shop):
    return shop.fill(3)


@pytest.fixture(scope="module")
def rendered(shop):
    return shop.deliver(shop_clip(20), rendered=True)


@pytest.fixture(scope="module")
def stitched(shop):
    return shop.stitch()[1]


@pytest.fixture(scope="module")
def desk(shop, intents, rendered, stitched, tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    return ReviewDesk(shop.ledger, shop.storage, RUN, reviewer="Ada", folder=folder)


@pytest.fixture
def unchanged(shop):
    """Nothing may be decided meanwhile."""
    before = shop.ledger.reviews()
    yield
    assert shop.ledger.reviews() == before


@pytest.fixture(scope="module")
def client(desk):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        with (
            served(review_app(desk, secret=SECRET, hosts=frozenset({host})), listener),
            httpx.Client(base_url=f"http://{host}", trust_env=False, verify=False) as opened,
        ):
            yield opened


def post(client, *rows, headers=OURS, content=None):
    if headers.get("Origin") == "ours":
        headers = headers | {"Origin": str(client.base_url).rstrip("/")}
    posted = json.dumps({"decisions": list(rows)}) if content is None else content
    return client.post(f"/{SECRET}/decisions", content=posted, headers=headers)


def row(intent, decision="approve"):
    return {"review_id": uuid.uuid4().hex, "intent_id": intent.intent_id, "decision": decision, "reason": "Fine."}


def test_the_page_and_its_files_are_there_and_stay_here(client):
    assert client.get(f"/{SECRET}/").headers["location"].endswith(f"/{SECRET}/index.html")
    page = client.get(f"/{SECRET}/index.html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "connect-src 'self'" in page.text
    for name in ("data.js", "clips-0001.js", "decisions.js", "gallery.js", "base.css"):
        answer = client.get(f"/{SECRET}/{name}")
        assert answer.status_code == 200, name
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/", "/index.html", "/other/index.html", "/data.js", f"/{SECRET[:-1]}/data.js", f"/x/{SECRET}/data.js"]
)
def test_without_the_secret_there_is_nothing(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["../reelmill.toml", "..%2f..%2fledger.db", "%2e%2e/ledger.db", "nothing.js", "media", "desk/page/data.js"]
)
def test_no_other_file_can_be_asked_for(client, path):
    assert client.get(f"/{SECRET}/{path}").status_code in (404, 405)


@pytest.mark.parametrize(
    "host", ["evil.example.com", "127.0.0.1.evil.example.com", "127.0.0.1", "localhost:1", "127.0.0.1:1"]
)
def test_another_host_name_gets_nothing(client, host):
    answer = client.get(f"/{SECRET}/data.js", headers={"Host": host})
    assert answer.status_code == 421
    assert "reelmillData" not in answer.text


def test_media_come_in_parts_so_that_a_video_seeks(client, intents):
    video, poster = media(shop_clip(0).request.aspect_ratio)
    folder = f"/{SECRET}/media/{intents[0].intent_id}"
    assert client.get(f"{folder}/poster.jpg").content == poster
    whole = client.get(f"{folder}/0.mp4")
    assert (whole.content, whole.headers["content-type"]) == (video, "video/mp4")
    part = client.get(f"{folder}/0.mp4", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, video[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(video)}"


def test_what_platforms_get_of_clips_and_films_and_previews_are_served(client, rendered, stitched):
    for folder in (rendered.intent_id, stitched.edition):
        found = client.get(f"/{SECRET}/media/{folder}/for-instagram_reels.mp4")
        assert (found.status_code, found.content) == (200, made_for("instagram_reels")[0])
        assert client.get(f"/{SECRET}/media/{folder}/for-youtube.mp4").status_code == 404
    assert client.get(f"/{SECRET}/media/{rendered.intent_id}/preview.mp4").content == preview()
    assert client.get(f"/{SECRET}/media/{stitched.edition}/film.mp4").status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "1.mp4",
        "preview.mp4",
        "for-tiktok.mp4",
        "-1.mp4",
        "0",
        "²",
        "00000.mp4",
        "provenance.json",
        "poster.jpg.mp4",
        "..%2fposter.jpg",
    ],
)
def test_media_that_a_clip_does_not_have_are_not_there(client, intents, name):
    assert client.get(f"/{SECRET}/media/{intents[0].intent_id}/{name}").status_code == 404


def test_clips_of_other_runs_and_pictures_by_other_names_are_not_there(client, shop):
    assert client.get(f"/{SECRET}/media/nobody/poster.jpg").status_code == 404
    assert client.get(f"/{SECRET}/media/pictures/ledger.db").status_code == 404
    assert client.get(f"/{SECRET}/media/pictures/{'a' * 64}.jpg").status_code == 404
    shop.storage.create(f"inputs/{'a' * 64}.jpg", b"picture", "image/jpeg")
    assert client.get(f"/{SECRET}/media/pictures/{'a' * 64}.jpg").content == b"picture"


def test_a_decision_is_in_the_ledger_at_once_and_on_the_page_when_it_is_loaded_again(client, shop, intents):
    first, second = row(intents[0]), row(intents[1], "reject")
    answer = post(client, first, second)
    assert answer.status_code == 200
    assert [told["decision"] for told in answer.json()["recorded"]] == ["approve", "reject"]
    decided, number = shop.ledger.decisions(RUN), len(shop.ledger.reviews())
    kept = [decided[intent.intent_id] for intent in intents[:2]]
    assert [one.decision for one in kept] == [Decision.APPROVE, Decision.REJECT]
    assert {(one.reviewer, one.reason, one.via) for one in kept} == {("Ada", "Fine.", ReviewedVia.PAGE)}
    assert second["review_id"] in client.get(f"/{SECRET}/decisions.js").text
    assert post(client, first).json()["problems"] == []
    assert len(shop.ledger.reviews()) == number, "the same decision again is none"


def test_the_page_is_told_what_stood_before_and_its_undo_wipes_nothing_newer(client, shop, intents):
    shop.decide(intents[2], Decision.REJECT, "Ben", "Off brand")
    ours = row(intents[2])
    ((told),) = post(client, ours).json()["recorded"]
    assert (told["before"]["decision"], told["before"]["reviewer"]) == ("reject", "Ben")
    shop.decide(intents[2], Decision.REMAKE, "Ben")
    told = post(client, row(intents[2], "undo") | {"undoes": ours["review_id"]}).json()
    assert (told["recorded"], [one["row"] for one in told["problems"]]) == ([], [1])
    assert shop.ledger.decisions(RUN)[intents[2].intent_id].decision is Decision.REMAKE


def test_what_cannot_be_kept_is_told(client, intents):
    told = post(client, row(intents[0], "delete"), {"review_id": "review-0003"}, row(intents[0])).json()
    assert [problem["row"] for problem in told["problems"]] == [1, 2]
    assert len(told["recorded"]) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 403),
        (OURS | {"Origin": "null"}, 403),
        (OURS | {"Origin": "https://evil.example.com"}, 403),
        (OURS | {"Origin": "http://127.0.0.1:1"}, 403),
        (OURS | {"Content-Type": "text/plain"}, 415),
        (OURS | {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_another_page_cannot_decide(client, unchanged, intents, headers, status):
    assert post(client, row(intents[0]), headers=headers).status_code == status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["decisions", "index.html"])
def test_nothing_else_can_be_done(client, method, path):
    assert client.request(method, f"/{SECRET}/{path}", headers=OURS).status_code == 405


def test_what_is_no_decision_is_refused(client, unchanged):
    for content in (b"", b"[]", b"{", b'{"decisions": 1}'):
        answer = post(client, content=content)
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert post(client, content=b" " * (3 << 20)).status_code == 413
    assert client.get(f"/{SECRET}/decisions").status_code in (404, 405)


def test_a_secret_is_long_and_never_the_same():
    assert len({new_secret() for _ in range(50)}) == 50
    assert min(len(new_secret()) for _ in range(50)) >= 32


def test_the_page_is_made_of_packaged_files_only(desk):
    assert isinstance(desk.page("index.html"), Path)
    assert desk.page("../ledger.db") is None
