"""No name leads out of the output, whatever a SKU, a run, a setting or a record in the bucket says."""

from __future__ import annotations

import json
import os
import re
import string
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reelmill.errors import FixAccess, FixConfiguration, LookFirst, ReelmillError
from reelmill.jobs.content import content_folder
from reelmill.ledger.ledger import Ledger
from reelmill.production.media_inputs import MediaInputs, pointer
from reelmill.production.provenance import NAME
from reelmill.production.provenance_reading import read_provenance
from reelmill.report.billing_files import read_billing
from reelmill.settings import Settings, load_settings
from reelmill.storage.gcs_client import make_client
from reelmill.storage.local import LocalStorage
from reelmill.storage.names import check_name, safe_name
from reelmill.storage.open import open_storage, split_gs
from reelmill.veo.endpoint import Endpoint
from reelmill.veo.labels import clean_labels, request_labels
from tests.support.fuzzing import NASTY_TEXT, fuzz, grown
from tests.support.production import clip
from tests.support.records import paid_intent, record_of

SAFE = set(string.ascii_letters + string.digits + "._-")


def everything_below(folder: Path) -> set[str]:
    return {os.fspath(Path(parent, name)) for parent, _, names in os.walk(folder) for name in names}


@fuzz(200)
@given(NASTY_TEXT, NASTY_TEXT)
def test_a_safe_name_is_one_plain_part_and_nobody_elses(one, other):
    name = safe_name(one)
    assert set(name) <= SAFE
    assert name[0] not in "._-"
    assert not name.endswith(".")
    assert 0 < len(name) <= 80
    assert check_name(f"clips/{name}/9x16/x") == f"clips/{name}/9x16/x"
    assert (name == safe_name(other)) == (one == other)


@fuzz(100)
@given(st.lists(NASTY_TEXT, min_size=1, max_size=3).map("/".join), st.binary(max_size=5))
def test_nothing_is_written_outside_the_root(name, data):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "a" / "root"
        storage = LocalStorage(root)
        (Path(folder) / "secret").write_bytes(b"SECRET")
        for write in (storage.create, storage.replace):
            try:
                write(name, data, "text/plain")
            except (FixConfiguration, ReelmillError) as refused:
                assert refused.remedy  # noqa: PT017 - either outcome is right
        for path in everything_below(Path(folder)):
            assert path.startswith(f"{root}{os.sep}") or path == os.fspath(Path(folder) / "secret")
        with suppress(FileNotFoundError, ReelmillError):
            assert storage.read(name) == data
        try:
            inside = storage.name(name)
        except ValueError:
            pass
        else:
            assert (root / inside).resolve().is_relative_to(root.resolve())


@fuzz(100)
@given(NASTY_TEXT, NASTY_TEXT)
def test_any_output_address_is_opened_or_refused(one, other):
    for address in (one, f"gs://{one}", f"gs://bucket/{one}/{other}", f"s3://{one}", f"file://{one}"):
        try:
            if address.startswith("gs://"):
                bucket, name = split_gs(address)
                assert re.fullmatch(r"[a-z0-9][a-z0-9._-]+[a-z0-9]", bucket)
                assert ".." not in name.split("/")
            elif "\0" not in address:
                open_storage(address, Settings())
        except ReelmillError as refused:
            assert refused.remedy  # noqa: PT017 - either outcome is right


@fuzz(100)
@given(NASTY_TEXT, NASTY_TEXT, NASTY_TEXT)
def test_labels_are_always_what_cloud_accepts(run, sku, campaign):
    labels = request_labels(run=run, clip="c", sku=sku, campaign=campaign, intent="i")
    for key, value in {**labels, **clean_labels({sku: campaign, campaign: sku})}.items():
        assert re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key)
        assert re.fullmatch(r"[a-z0-9_-]{1,63}", value)


VALUES = NASTY_TEXT.filter(lambda text: "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text))


@fuzz(100)
@given(st.dictionaries(st.sampled_from(sorted(Settings.model_fields)), VALUES, min_size=1, max_size=4))
def test_any_environment_gives_settings_or_names_one(values):
    names = {f"REELMILL_{name.upper()}": value for name, value in values.items()}
    before = dict(os.environ)
    os.environ.update(names)
    try:
        settings = load_settings()
    except FixConfiguration as refused:
        assert "SECRET" not in str(refused)  # noqa: PT017 - either outcome is right
    else:
        assert settings.in_flight >= 1
    finally:
        os.environ.clear()
        os.environ.update(before)


ANY_VALUE = st.none() | st.booleans() | st.integers() | st.floats() | NASTY_TEXT | st.lists(NASTY_TEXT, max_size=2)


@fuzz(100)
@given(st.dictionaries(st.sampled_from(sorted(Settings.model_fields)), ANY_VALUE, min_size=1, max_size=4))
def test_any_arguments_give_settings_or_name_one(values):
    try:
        load_settings(**values)
    except FixConfiguration as refused:
        assert "SECRET" not in str(refused)  # noqa: PT017 - either outcome is right


ADDRESSES = st.sampled_from(["", "http://", "https://", "//", "nosql://", "mysql://", "http://[", "http://a:b@"])


@fuzz(80)
@given(st.builds("{}{}".format, ADDRESSES, NASTY_TEXT))
def test_any_address_in_a_setting_is_used_or_refused(text):
    try:
        settings = load_settings(
            project="p", vertex_base_url=text, storage_emulator_host=text, ledger_url=f"x{text}", vertex_token="t"
        )
    except FixConfiguration:
        return  # said at once: the address cannot be parsed
    with suppress(FixConfiguration):
        assert Endpoint.from_settings(settings).host
    assert settings.rehearsal in (True, False)
    if text:  # without an address it would look for Google's
        with suppress(FixConfiguration, FixAccess):
            make_client(settings)
    with pytest.raises(ReelmillError) as refused:
        Ledger.open(settings.ledger_url)
    assert "SECRET" not in str(refused.value)
    assert ":b@" not in str(refused.value)


@fuzz(40)
@given(NASTY_TEXT)
@example("catalogs")
def test_any_content_folder_is_found_or_refused(text):
    chosen = Path(text or "x")
    with suppress(FixConfiguration):
        found = content_folder(Settings(catalogs_dir=chosen))
        assert found == chosen
        assert (found / "platforms.toml").is_file()


@pytest.mark.parametrize(
    "text", ["samples = ", "samples = 9\n", "[" * 5000, "a = " + "9" * 5000, "\0", "model = 7", "[samples]\nx = 1"]
)
def test_a_broken_reelmill_toml_is_refused_in_words(tmp_path, monkeypatch, text):
    (tmp_path / "reelmill.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FixConfiguration) as refused:
        load_settings()
    assert refused.value.remedy


def test_a_reelmill_toml_that_is_no_text_is_refused_in_words(tmp_path, monkeypatch):
    (tmp_path / "reelmill.toml").write_bytes(b"\xff\xfe\x00")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FixConfiguration):
        load_settings()


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    storage = LocalStorage(tmp_path_factory.mktemp("out"))
    made = clip("SKU-1")
    written = record_of(made, paid_intent(made, storage), storage)
    return written.model_dump_json().encode(), f"{written.intent.output_prefix}/{NAME}", storage


@fuzz(150)
@given(st.data())
def test_a_broken_record_is_refused_or_stays_inside(record, data):
    raw, name, storage = record
    broken = bytearray(raw)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(broken)))
        broken[at : at + data.draw(st.integers(0, 12))] = data.draw(
            NASTY_TEXT.map(lambda text: json.dumps(text)[1:-1].encode()) | st.binary(max_size=4)
        )
    try:
        found = read_provenance(bytes(broken), name, storage)
    except LookFirst as refused:
        assert refused.remedy  # noqa: PT017 - either outcome is right
        assert len(str(refused)) < 2000  # noqa: PT017 - same
    else:
        assert found.intent.output_prefix in name
        assert all(storage.name(uri) for uri in found.intent.video_uris)


def test_reading_broken_records_for_ever_holds_no_memory(record):
    raw, name, storage = record

    def once(number):
        with suppress(LookFirst):
            read_provenance(raw[: -number or None] + b"x" * 20_000 * (number % 2), name, storage)

    assert grown(once, rounds=60) < 1_000_000


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return MediaInputs(LocalStorage(tmp_path_factory.mktemp("pictures")), Settings())


@fuzz(60)
@given(
    st.binary(max_size=60)
    | st.recursive(NASTY_TEXT.map(lambda text: text.encode("utf-8", "replace").decode()), st.lists).map(
        lambda value: json.dumps({"name": value}).encode()
    )
)
def test_a_foreignpointer_to_a_picture_points_nowhere(pictures, content):
    address = "https://cdn.example.com/a.jpg"
    with tempfile.TemporaryDirectory() as folder:
        storage = LocalStorage(Path(folder))
        storage.create(pointer(address), content, "application/json")
        pictures.storage = storage
        assert pictures._kept(clip(image=address), address) is None


@fuzz(60)
@given(
    st.binary(max_size=200)
    | st.lists(st.dictionaries(NASTY_TEXT, NASTY_TEXT), max_size=3).map(
        lambda rows: b"\n".join(json.dumps(row).encode() for row in rows)
    )
    | st.builds(lambda rest: b"cost,currency,usage_start_time,labels\n" + rest.encode("utf-8", "replace"), NASTY_TEXT)
)
def test_any_bytes_as_a_bill(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bill"
        path.write_bytes(content)
        try:
            list(read_billing(path))
        except ReelmillError as refused:
            assert refused.remedy  # noqa: PT017 - either outcome is right


def test_one_place_writes_csv():
    """A cell that begins with ``=`` is a formula where a table is opened. Manifests alone are written as CSV.

    Whoever adds another writer has to make such cells harmless, and to test it (tests/delivery/test_writing.py does).
    """
    known = {"reelmill/delivery/writing.py", "reelmill/delivery/spec.py"}
    root = Path(__file__).resolve().parents[2]
    writers = re.compile(r"csv\.(Dict)?[Ww]riter|to_csv|write_csv|CSVWriter|text/csv|\.to_excel|xlsx")
    found = [
        f"{path.relative_to(root)}: {line.strip()}"
        for folder in ("reelmill", "flows", "tasks", "scripts", "deployments")
        for path in (root / folder).rglob("*.py")
        for line in path.read_text().splitlines()
        if writers.search(line)
    ]
    assert [line for line in found if line.partition(":")[0] not in known] == []
