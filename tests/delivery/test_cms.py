"""Publishing to a real server in a process of its own, which tears connections, loses answers and keeps what it got."""

import errno
import hashlib
import os
import tracemalloc
from pathlib import Path

import pytest

from reelmill.delivery.cms import CmsPublisher
from reelmill.delivery.cms_check import check_cms
from reelmill.delivery.tus import Answer, Content, TusClient
from reelmill.errors import ExitCode, FixAccess, FixConfiguration, FixDeliverable, TryLater
from reelmill.jobs.doctor import examine
from reelmill.jobs.publishing import open_publisher, publish_all
from reelmill.settings import load_settings
from reelmill.storage.local import LocalStorage
from reelmill.webhooks.receiver import Receiver
from tests.delivery.making import make_clip, make_deliverable
from tests.support.cms import cms
from tests.support.postcount import answer, post_counter
from tests.support.webhook_receiver import OTHER_SECRET, SECRET

VIDEO = os.urandom(300_000)
QUICK = {
    "review": "optional",
    "cms_wait_s": 0.01,
    "cms_wait_max_s": 0.02,
    "cms_piece_bytes": 65_536,
    "cms_timeout_s": 60,
}


def settings(url, **changes):
    return load_settings(**QUICK | changes, cms_url=url)


@pytest.fixture
def one(tmp_path):
    """A deliverable whose file lies in a folder."""
    storage = LocalStorage(tmp_path / "out")
    storage.create("clips/a.mp4", VIDEO, "video/mp4")
    return make_deliverable(uri=storage.uri("clips/a.mp4"), title="Lampe aus Messing, groß")


def publisher(tmp_path, url, **changes) -> CmsPublisher:
    return CmsPublisher.from_settings(LocalStorage(tmp_path / "out"), settings(url, **changes))


def test_all_of_the_path_travels():
    with post_counter(answer(200, raw=b"")) as server:
        client = TusClient(Receiver(url=f"{server.url}/files", keys=(), setting="cms"), token="")
        client.look(client.followed("/uploads;key=7/u0;v=1"), Content(sha256="00", size=1))
        client.close()
    assert [seen.path for seen in server.seen] == ["/uploads;key=7/u0;v=1"]


def test_an_answer_that_repeats_the_secret_address_does_not_show_it():
    with post_counter(answer(404, raw=b"Cannot HEAD /files/S3CRETPATH")) as server:
        client = TusClient(Receiver(url=f"{server.url}/files/S3CRETPATH", keys=(), setting="cms"), token="")
        said = client.create(Content(sha256="00", size=1), "").said
        client.close()
    assert said == "HTTP 404 Cannot HEAD …"


def test_a_file_arrives_in_pieces_with_what_it_is(tmp_path, one):
    with cms(tmp_path / "cms") as server, publisher(tmp_path, server.url) as port:
        receipt = port.publish(one)
        digest = hashlib.sha256(VIDEO).hexdigest()
        assert server.uploads() == {"u0": VIDEO}
        assert (receipt.sha256, receipt.size, receipt.sent) == (digest, len(VIDEO), len(VIDEO))
        assert receipt.address == server.url.replace("/files", "/uploads/u0")  # without the secret behind it
        assert [request["size"] for request in server.requests("PATCH")] == [65_536] * 4 + [len(VIDEO) - 4 * 65_536]
        told = server.metadata()
    assert (told["sha256"], told["sku"], told["title"], told["ai_generated"]) == (
        digest, "SKU-1", "Lampe aus Messing, groß", "true",
    )  # fmt: skip


class NoRoom(LocalStorage):
    """As Cloud Storage does, it lets a full disk of this machine be heard as it is."""

    def download(self, name, target):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_of_this_machine_stops_publishing_with_what_to_do(tmp_path, one):
    port = CmsPublisher.from_settings(NoRoom(tmp_path / "out"), settings("http://127.0.0.1:9/files"))
    with port, pytest.raises(TryLater, match=r"No space left on device\. Free some disk space or set TMPDIR"):
        port.publish(one)


@pytest.mark.parametrize("plain", [[], ["--plain"]], ids=["asked by content", "plain tus"])
def test_torn_connections_cost_no_byte_twice(tmp_path, one, plain):
    trouble = ["--cut", "40000", "--cuts", "5", "--busy", "2", *plain]
    with cms(tmp_path / "cms", *trouble) as server, publisher(tmp_path, server.url) as port:
        receipt = port.publish(one)
        assert server.uploads() == {"u0": VIDEO}
        assert receipt.size == len(VIDEO)
        assert len(server.requests("PATCH")) > 5


def test_a_creation_whose_answer_was_lost_is_found_by_content(tmp_path, one):
    with cms(tmp_path / "cms", "--lose-creations", "1") as server, publisher(tmp_path, server.url) as port:
        port.publish(one)
        assert server.uploads() == {"u0": VIDEO}
        assert len(server.requests("POST")) == 1


def test_another_process_goes_on_where_one_gave_up(tmp_path, one):
    with cms(tmp_path / "cms", "--cut", "50000", "--cuts", "2") as server:
        with publisher(tmp_path, server.url, cms_attempts=1) as port, pytest.raises(TryLater, match="Run the same"):
            port.publish(one)
        with publisher(tmp_path, server.url, cms_attempts=1) as port, pytest.raises(TryLater):
            port.publish(one)
        with publisher(tmp_path, server.url) as port:
            receipt = port.publish(one)
        assert server.uploads() == {"u0": VIDEO}
        assert receipt.sent == len(VIDEO) - 2 * 50_000
        assert len(server.requests("POST")) == 1


def test_what_the_cms_has_is_not_sent_again_whoever_sent_it(tmp_path, one):
    with cms(tmp_path / "cms") as server:
        with publisher(tmp_path, server.url) as port:
            port.publish(one)
        before = len(server.requests("PATCH"))
        with publisher(tmp_path, server.url) as port:
            receipts = [port.publish(one), port.publish(make_deliverable(uri=one.uri, platform="amazon"))]
        assert [receipt.sent for receipt in receipts] == [0, 0]
        assert (len(server.requests("PATCH")), len(server.requests("POST"))) == (before, 1)


def test_an_upload_that_the_cms_forgot_is_begun_anew(tmp_path, one):
    with cms(tmp_path / "cms", "--cut", "50000", "--cuts", "1") as server:
        with publisher(tmp_path, server.url, cms_attempts=1) as port, pytest.raises(TryLater):
            port.publish(one)
        (server.folder / "u0").unlink()
        with publisher(tmp_path, server.url) as port:
            assert port.publish(one).sent == len(VIDEO)


def test_bytes_that_went_bad_at_the_cms_are_sent_anew(tmp_path, one):
    with cms(tmp_path / "cms", "--cut", "50000", "--cuts", "1") as server:
        with publisher(tmp_path, server.url, cms_attempts=1) as port, pytest.raises(TryLater):
            port.publish(one)
        (server.folder / "u0").write_bytes(b"x" * 50_000)
        with publisher(tmp_path, server.url) as port:
            port.publish(one)
        assert VIDEO in server.uploads().values()


def test_requests_are_signed_and_carry_the_token(tmp_path):
    storage = LocalStorage(tmp_path / "out")
    storage.create("clips/small.mp4", VIDEO[:3000], "video/mp4")
    small = make_deliverable(uri=storage.uri("clips/small.mp4"))
    with cms(tmp_path / "cms", "--secret", SECRET, "--token", "t0ken") as server:
        with publisher(tmp_path, server.url, webhook_secret=SECRET, cms_token="t0ken") as port:
            assert port.publish(small).sent == 3000
        for wrong in ({"cms_token": "other"}, {"webhook_secret": OTHER_SECRET}, {"webhook_secret": ""}):
            known = {"webhook_secret": SECRET, "cms_token": "t0ken"} | wrong
            with publisher(tmp_path, server.url, **known) as port, pytest.raises(FixAccess, match="CMS_TOKEN") as told:
                port.publish(small)
            assert "t0ken" not in str(told.value)


def test_memory_stays_flat(tmp_path):
    big = tmp_path / "out" / "clips" / "big.mp4"
    big.parent.mkdir(parents=True)
    with big.open("wb") as file:
        file.truncate(32 << 20)
    with cms(tmp_path / "cms") as server, publisher(tmp_path, server.url, cms_piece_bytes=24 << 20) as port:
        tracemalloc.start()
        port.publish(make_deliverable(uri=str(big)))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert (server.folder / "u0").stat().st_size == 32 << 20
    assert peak < 8 << 20


def test_a_file_that_the_cms_refuses_is_told_with_its_words(tmp_path, one):
    refused = pytest.raises(FixDeliverable, match=r"HTTP 413 not this one")
    with cms(tmp_path / "cms", "--refuse", "413") as server, publisher(tmp_path, server.url) as port, refused:
        port.publish(one)


def test_no_other_server_is_sent_to(tmp_path, one):
    with cms(tmp_path / "cms", "--elsewhere") as server, publisher(tmp_path, server.url) as port:
        with pytest.raises(FixConfiguration, match="another server"):
            port.publish(one)
        assert not server.requests("PATCH")


def test_tries_are_bounded_and_wait_longer_each_time(tmp_path, one):
    waited = []
    with cms(tmp_path / "cms", "--busy", "100") as server, publisher(tmp_path, server.url, cms_attempts=4) as port:
        port.pause = waited.append
        with pytest.raises(TryLater, match="HTTP 503"):
            port.publish(one)
        assert len(server.requests()) == 4
    assert len(waited) == 3


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "REELMILL_CMS_URL"),
        ("ftp://cms.example.com", "cms_url is no https"),
        ("http://cms.example.com/files", "cms_url is http:// to another machine"),
        ("https://me:s3cret@cms.example.com/", "cms_url carries a user"),
    ],
)
def test_an_address_that_nothing_may_be_sent_to(tmp_path, url, told):
    with pytest.raises(FixConfiguration, match=told) as refused:
        publisher(tmp_path, url)
    assert "s3cret" not in str(refused.value)


def test_a_private_address_wants_a_setting_of_its_own(tmp_path, one):
    private = publisher(tmp_path, "https://10.0.0.7/files")
    with private as port, pytest.raises(FixConfiguration, match="REELMILL_CMS_PRIVATE"):
        port.publish(one)


def test_what_is_not_there_is_told(tmp_path, one):
    with cms(tmp_path / "cms") as server, publisher(tmp_path, server.url) as port:
        with pytest.raises(FixDeliverable, match="is not there"):
            port.publish(make_deliverable(uri=one.uri.replace("a.mp4", "b.mp4")))
        with pytest.raises(FixDeliverable, match="outside"):
            port.publish(make_deliverable(uri="/etc/passwd"))
        assert not server.requests()


def test_a_second_run_asks_nobody(stall, tmp_path):
    stall.deliver(make_clip("ONE"), VIDEO)
    stall.deliver(make_clip("TWO", platforms=("tiktok",)), VIDEO[::-1])
    stall.deliver(make_clip("GONE"))
    stall.retire("GONE")
    with cms(tmp_path / "cms") as server:
        for sent, had, known in ((2, 2, 0), (0, 0, 4)):
            before = len(server.requests())
            with open_publisher(stall.root, settings(server.url)) as port:
                done = publish_all(stall.ledger, settings(server.url), stall.root, port)
            assert (done.sent, done.had, done.known, done.failed, done.stopped) == (sent, had, known, 0, "")
        assert len(server.requests()) == before
        assert sorted(server.uploads().values()) == sorted([VIDEO, VIDEO[::-1]])


def test_one_bad_file_does_not_keep_the_others(stall, tmp_path):
    lost = stall.deliver(make_clip("ONE", platforms=("tiktok",)))
    stall.deliver(make_clip("TWO", platforms=("tiktok",)))
    Path(lost.video_uris[0]).unlink()
    with cms(tmp_path / "cms") as server, open_publisher(stall.root, settings(server.url)) as port:
        done = publish_all(stall.ledger, settings(server.url), stall.root, port)
    assert (done.sent, done.failed, [one.sku for one in done.failures]) == (1, 1, ["ONE"])


def test_the_command_shows_sends_and_stops(stall, tmp_path, reelmill, reelmill_json, monkeypatch):
    monkeypatch.setenv("REELMILL_REVIEW", "optional")  # inspection decides
    stall.deliver(make_clip("ONE", platforms=("tiktok",)), VIDEO)
    stall.deliver(make_clip("TWO", platforms=("tiktok",)), VIDEO[:1000])
    stall.deliver(make_clip("RAW", platforms=("tiktok",)), bare=True)
    code, _, said = reelmill("publish", "--to", "cms", "--output", stall.root)
    assert (code, "REELMILL_CMS_URL" in said) == (ExitCode.USAGE, True)
    with cms(tmp_path / "cms") as server:
        monkeypatch.setenv("REELMILL_CMS_URL", server.url)
        code, printed, _ = reelmill("publish", "--to", "cms", "--dry-run", "--output", stall.root)
        assert (code, "2 files would be published" in printed, server.requests()) == (ExitCode.OK, True, [])
        assert "Left out for tiktok (1): no file was made" in printed
        code, said = reelmill_json("publish", "--to", "cms", "--output", stall.root)
        assert (code, said["sent"], said["sent_bytes"]) == (ExitCode.OK, 2, len(VIDEO) + 1000)
    stall.deliver(make_clip("THREE", platforms=("tiktok",)), VIDEO[:2000])
    monkeypatch.setenv("REELMILL_CMS_ATTEMPTS", "1")
    code, printed, problems = reelmill("publish", "--to", "cms", "--output", stall.root)  # nobody is there any more
    assert code == ExitCode.ERROR
    code, said = reelmill_json("publish", "--to", "cms", "--output", stall.root)
    assert (code, said["exit_code"]) == (ExitCode.ERROR, ExitCode.ERROR)
    assert f"{said['error']} {said['remedy']}" == said["stopped"]
    assert said["stopped"] in problems
    assert "1 waiting" in printed
    assert "Stopped: http://127.0.0.1" in printed


@pytest.mark.parametrize(
    ("server", "known", "ok", "said"),
    [
        (["--token", "t0ken", "--secret", SECRET], {"cms_token": "t0ken", "webhook_secret": SECRET}, True, "tus 1.0.0"),
        (["--plain"], {}, True, "does not refuse us"),
        (["--tus", "0.2.2"], {}, False, "speaks tus 0.2.2"),
        (["--tus", ""], {}, False, "does not speak tus there"),
        (["--busy", "9"], {}, False, "HTTP 503"),
    ],
    ids=["known", "plain", "old", "no tus", "busy"],
)
def test_the_cms_is_examined_without_an_upload(tmp_path, server, known, ok, said):
    with cms(tmp_path / "cms", *server) as running:
        check = check_cms(settings(running.url, **known))
        assert (check.ok, said in check.detail, bool(check.fix)) == (ok, True, not ok)
        assert [request["method"] for request in running.requests()] == ["HEAD"]
        assert running.uploads() == {}


def test_doctor_tells_a_cms_that_does_not_know_us_or_is_away(tmp_path):
    with cms(tmp_path / "cms", "--token", "t0ken") as running:
        chosen = settings(running.url, cms_token="wr0ng", ledger_url=f"sqlite:///{tmp_path / 'ledger.db'}")
        refused = next(check for check in examine(chosen, "") if check.name == "cms")  # before it asks Google
    away = check_cms(chosen)
    assert (refused.ok, "refused us: HTTP 401" in refused.detail, "wr0ng" in refused.detail) == (False, True, False)
    assert (away.ok, "the connection broke" in away.detail, bool(away.fix)) == (False, True, True)


@pytest.mark.parametrize(
    ("text", "number"), [("17", 17), (" 17 ", 17), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("9" * 5000, None)]
)
def test_a_number_of_bytes_is_believed_only_as_far_as_there_are_such_files(text, number):
    assert Answer(status=200, headers={"upload-offset": text}, said="").offset == number


@pytest.mark.parametrize("text", ["", "-1", "1.5", "1e3", "seven", "\u0667"])
def test_what_is_no_number_is_none(text):
    assert Answer(status=200, headers={"upload-offset": text}, said="").offset is None
