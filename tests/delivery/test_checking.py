"""Rows against limits: fixed where the platform says how, told, and else refused with a remedy."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.delivery.checking import check_row
from reelmill.delivery.formats import FORMATS
from reelmill.delivery.spec import Field, FileKind, Spec


def spec(*fields: Field) -> Spec:
    return Spec(
        name="x", title="X", kind=FileKind.CSV, key="id", rows=lambda _: (), retire=None, retiring="",
        fields=(Field(name="id", meaning="Its id.", required=True), *fields),
    )  # fmt: skip


def checked(one: Field, value, **row):
    return check_row(spec(one), {"id": "1", one.name: value, **row})


TITLE = Field(name="t", meaning="Title.", most_chars=100, cut=True, swaps={"<": "‹", ">": "›"})  # noqa: RUF001
WORDS = Field(name="t", meaning="Words.", most_bytes=5000, cut=True, lines=True)
LINK = Field(name="u", meaning="Link.", web=True, most_chars=2000)


@settings(max_examples=60)
@given(st.text(max_size=300))
def test_what_may_be_cut_fits_afterwards_and_keeps_its_beginning(text):
    done = checked(TITLE, text)
    value = done.row["t"]
    assert not done.problems
    assert len(value) <= 100
    assert "<" not in value
    plain = text.translate({ord("<"): "‹", ord(">"): "›"})  # noqa: RUF001
    if plain.isprintable():
        shown = value.removesuffix("…") if len(plain.strip()) > 100 else value
        assert plain.strip().startswith(shown)
    changed = len(plain.strip()) > 100 or "<" in text.strip() or ">" in text.strip()
    assert not plain.isprintable() or bool(done.notes) == changed


@settings(max_examples=20)
@given(st.text(alphabet="aé漢😀 \n", min_size=60, max_size=120).map(lambda text: text * 30))
def test_bytes_are_counted_and_no_character_is_halved(text):
    value = checked(WORDS, text).row["t"]
    assert len(value.encode()) <= 5000
    if len(text.strip().encode()) > 5000:
        assert len(value.encode()) > 4800
        assert value.endswith("…")


def test_what_stands_as_a_look_alike_is_told_wherever_it_stands():
    (note,) = check_row(FORMATS["youtube"], {"action": "upload", "snippet.description": "5 < 6"}).notes
    assert note.field == "snippet.description"
    assert "title" not in note.remedy


@pytest.mark.parametrize(
    ("title", "listed"),
    [
        ("Lamp, see https://shop.example.com/l", "Lamp, see"),
        ("Lamp WWW.shop.example.com now", "Lamp now"),
        ("Wwwonder  lamp, http-blue", "Wwwonder  lamp, http-blue"),
    ],
)
def test_an_address_is_left_out_of_amazon_titles_and_told(title, listed):
    done = check_row(FORMATS["amazon"], {"action": "upload", "key": "k", "sku": "A", "video": "v", "title": title})
    assert (done.row["title"], done.problems) == (listed, [])
    assert [note.field for note in done.notes] == ["title"] * (title != listed)


def test_a_cut_ends_with_a_word():
    done = checked(TITLE, "Handmade lamp " * 12)
    assert done.row["t"] == ("Handmade lamp " * 7).strip() + "…"
    assert [(note.field, "100 characters" in note.reason) for note in done.notes] == [("t", True)]


@pytest.mark.parametrize("char", ["\0", "\t", "\r", "\x85", "\u2028", "\ud800"])
def test_control_characters_are_no_part_of_any_cell(char):
    assert checked(TITLE, f"a{char}b").row["t"] == "a b"
    assert checked(WORDS, f"a{char}b\nc").row["t"] == "a b\nc"
    assert checked(TITLE, "a\nb").row["t"] == "a b"


def test_what_may_not_be_cut_is_refused():
    done = check_row(FORMATS["merchant"], {"id": "x" * 51, "video_link": ("https://cdn.example.com/a.mp4",)})
    assert [(one.field, one.reason) for one in done.problems] == [("id", "is longer than 50 characters")]
    assert all(one.remedy for one in done.problems)


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("gs://shop/a.mp4", "no http(s) address"),
        ("/srv/a.mp4", "no http(s) address"),
        ("ftp://x.example/a", "no http(s) address"),
        ("https://", "no http(s) address"),
        ("https://[::1/a", "no address"),
        ("https://x.example:port/", "no address"),
        ("https://x.example/a b", "percent-encoded"),
        ("https://x.example/é", "percent-encoded"),
        ("https://me:pw@x.example/a", "user or a password"),
        ("https://x.example/a?X-Goog-Signature=00ff", "signed"),
        ("https://x.example/" + "a" * 2000, "longer than 2,000 characters"),
    ],
)
def test_addresses_that_would_not_last_are_refused(address, wrong):
    assert any(wrong in one.reason for one in checked(LINK, address).problems)


def test_a_plain_address_passes():
    assert not checked(LINK, "https://x.example/a%2Cb.mp4?v=2").problems


def test_a_missing_field_is_named_with_its_meaning():
    done = check_row(spec(Field(name="t", meaning="Its title.", required=True)), {"id": "1", "t": "  "})
    ((one,), notes) = done.problems, done.notes
    assert (one.field, one.reason, "Its title." in one.remedy, notes) == ("t", "is missing", True, [])


def test_a_row_that_takes_away_needs_its_key_only():
    one = spec(Field(name="t", meaning="Its title.", required=True))
    assert not check_row(one, {"id": "1"}, retiring=True).problems
    assert check_row(one, {}, retiring=True).problems


def test_lists_lose_their_last_items_or_are_refused():
    few = Field(name="l", meaning="Links.", most_items=2, drops=True)
    done = checked(few, ("a", "b", "c"))
    assert (done.row["l"], done.problems) == (("a", "b"), [])
    assert "2 at most; 1 left out" in done.notes[0].reason
    strict = Field(name="l", meaning="Links.", most_items=2)
    assert checked(strict, ("a", "b", "c")).problems
    assert not checked(strict, ("a", "b")).problems


@given(st.lists(st.text(alphabet="ab ", min_size=1, max_size=120).map(str.strip).filter(bool), max_size=12))
def test_tags_keep_within_what_youtube_counts(tags):
    row = {"action": "upload", "custom_id": "1", "file": "gs://a/b", "snippet.title": "T", "snippet.tags": tuple(tags)}
    kept = check_row(FORMATS["youtube"], row).row["snippet.tags"]
    cost = sum(len(tag) + (2 if " " in tag else 0) for tag in kept) + max(0, len(kept) - 1)
    assert cost <= 500
    assert list(kept) == tags[: len(kept)]


@pytest.mark.parametrize(("value", "fine"), [("in stock", True), ("soon", False)])
def test_words_of_a_list(value, fine):
    one = FORMATS["tiktok"].field("availability")
    assert bool(checked(one, value).problems) is not fine


def test_every_format_has_one_key_that_is_required_and_names_no_field_twice():
    for one in FORMATS.values():
        assert one.field(one.key).required
        assert len(set(one.names)) == len(one.names)
        assert all(field.meaning.endswith(".") for field in one.fields)
        assert one.sources or one.name in {"json", "ndjson", "csv"}
        assert all(source.url.startswith("https://") and source.read for source in one.sources)
