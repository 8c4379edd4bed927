from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.clip import Mode, Resolution
from reelmill.errors import ChooseAnotherModel, FixConfiguration
from reelmill.veo.registry import Registry

TODAY = date(2026, 11, 22)
SHIPPED = Registry.shipped()
STD, FAST, LITE = "veo-3.1-generate-001", "veo-3.1-fast-generate-001", "veo-3.1-lite-generate-001"


@pytest.mark.parametrize(
    ("model", "resolution", "audio", "price"),
    [
        (STD, "720p", True, "0.40"),
        (STD, "1080p", False, "0.20"),
        (STD, "4k", True, "0.60"),
        (STD, "4k", False, "0.40"),
        (FAST, "720p", True, "0.10"),
        (FAST, "720p", False, "0.08"),
        (FAST, "1080p", True, "0.12"),
        (FAST, "1080p", False, "0.10"),
        (FAST, "4k", True, "0.30"),
        (LITE, "720p", True, "0.05"),
        (LITE, "720p", False, "0.03"),
        (LITE, "1080p", True, "0.08"),
        (LITE, "1080p", False, "0.05"),
    ],
)
def test_prices_are_exact(model, resolution, audio, price):
    found = SHIPPED.model(model).unit_price(Resolution(resolution), audio)
    assert found == Decimal(price)
    assert found * 8 * 3 == Decimal(price) * 24


@given(model=st.sampled_from(SHIPPED.models), resolution=st.sampled_from(Resolution), audio=st.booleans())
def test_an_unknown_price_is_never_nothing(model, resolution, audio):
    prices = model.prices
    table = {} if prices is None else prices.audio_on if audio else prices.audio_off
    if resolution in table:
        assert Decimal("0.01") <= model.unit_price(resolution, audio) <= Decimal(1)
    else:
        with pytest.raises(ChooseAnotherModel, match="add the price to"):
            model.unit_price(resolution, audio)


def test_lite_has_no_4k_price():
    with pytest.raises(ChooseAnotherModel, match="720p with sound"):
        SHIPPED.model(LITE).unit_price(Resolution.K4, audio=True)


@pytest.mark.parametrize("model", [STD, FAST])
def test_a_passed_not_before_date_warns_and_asks_the_doctor(model):
    (warning,) = SHIPPED.model(model).check_alive(TODAY)
    assert "2026-11-17 or later" in warning
    assert "reelmill doctor" in warning
    assert SHIPPED.model(model).check_alive(date(2026, 11, 16)) == ()


def test_a_model_without_retirement_is_alive():
    assert SHIPPED.model(LITE).check_alive(TODAY) == ()


@pytest.mark.parametrize(
    ("retired", "replacement"),
    [
        ("veo-2.0-generate-001", STD),
        ("veo-2.0-generate-exp", STD),
        ("veo-3.0-fast-generate-001", FAST),
        ("veo-3.1-lite-generate-preview", LITE),
        ("veo-3.0-generate-preview", STD),  # its own replacement is retired too
        ("veo-3.0-fast-generate-preview", FAST),
    ],
)
def test_a_retired_model_names_a_live_replacement(retired, replacement):
    with pytest.raises(ChooseAnotherModel) as caught:
        SHIPPED.model(retired).check_alive(TODAY)
    assert f"Use {replacement}" in caught.value.remedy


def test_every_retired_model_leads_to_one_that_is_offered():
    for model in SHIPPED.models:
        if model.retired(TODAY):
            assert model.live_replacement in SHIPPED.offered
            assert not SHIPPED.model(model.live_replacement).retired(TODAY)


@pytest.mark.parametrize(
    ("name", "said"),
    [("veo-3.1-fast", FAST), ("veo-3.1-generate-1", STD), ("zzz", LITE), ("gemini-omni-1.1-flash", "Interactions")],
)
def test_an_unknown_model_names_near_ones(name, said):
    with pytest.raises(ChooseAnotherModel, match=said):
        SHIPPED.model(name)


def test_old_prices_warn():
    model = SHIPPED.model(FAST)
    assert model.price_as_of == date(2026, 10, 8)
    assert model.price_warnings(TODAY, 90) == ()
    assert model.price_warnings(date(2027, 1, 6), 90) == ()
    (warning,) = model.price_warnings(date(2027, 1, 7), 90)
    assert "91 days ago" in warning


def test_capabilities_of_the_three_offered_models():
    assert SHIPPED.offered == (STD, FAST, LITE)
    assert set(SHIPPED.model(STD).modes) == set(Mode)
    assert Mode.REFERENCES not in SHIPPED.model(LITE).modes
    assert {model.default_quota_per_minute for model in SHIPPED.models} == {50}


def test_a_file_of_ones_own_adds_and_overrides(tmp_path):
    extra = tmp_path / "models.toml"
    extra.write_text(
        """
        ["veo-3.1-fast-generate-001".prices]
        as_of = 2026-12-01
        audio_on = { "720p" = 0.09 }

        ["veo-4.0-generate-001"]
        durations_s = [4, 8]
        retirement = { kind = "retired", date = 2027-06-01 }
        replacement = "veo-3.1-generate-001"
        """
    )
    registry = Registry.load(extra)
    fast, new = registry.model(FAST), registry.model("veo-4.0-generate-001")
    assert fast.unit_price(Resolution.P720, audio=True) == Decimal("0.09")
    assert fast.durations_s == (4, 6, 8)
    with pytest.raises(ChooseAnotherModel):
        fast.unit_price(Resolution.P1080, audio=True)
    assert "will be retired on 2027-06-01" in new.check_alive(TODAY)[0]
    with pytest.raises(ChooseAnotherModel, match=f"Use {STD}"):
        new.check_alive(date(2027, 6, 1))


def test_json_works_too_and_a_missing_file_means_the_shipped_data(tmp_path):
    extra = tmp_path / "models.json"
    extra.write_text(json.dumps({LITE: {"default_quota_per_minute": 10}}))
    assert Registry.load(extra).model(LITE).default_quota_per_minute == 10
    assert Registry.load(tmp_path / "none.toml").models == SHIPPED.models


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "x is not a table"),
        ("[", "cannot be parsed"),
        ('["veo-3.1-generate-001"]\nduration = 4', "duration"),
        ('["veo-3.1-generate-001".prices]\naudio_on = { "720p" = 0.1 }', "as_of"),
        ('["veo-3.1-generate-001".prices]\nas_of = 2026-01-01\naudio_on = { "720p" = 0 }', "720p"),
        ('["veo-3.1-generate-001".prices]\nas_of = 2026-01-01\naudio_on = { "720p" = 100 }', "720p"),
        ('["veo-3.1-generate-001".prices]\nas_of = 2026-01-01\naudio_on = { "700p" = 1 }', "700p"),
    ],
)
def test_a_wrong_file_is_told_with_its_place(tmp_path, text, said):
    extra = tmp_path / "models.toml"
    extra.write_text(text)
    with pytest.raises(FixConfiguration, match=said) as caught:
        Registry.load(extra)
    assert str(extra) in str(caught.value)


def test_a_circle_of_replacements_ends(tmp_path):
    extra = tmp_path / "models.toml"
    extra.write_text(
        """
        [veo-a]
        retirement = { kind = "retired" }
        replacement = "veo-b"
        [veo-b]
        retirement = { kind = "retired" }
        replacement = "veo-a"
        """
    )
    with pytest.raises(ChooseAnotherModel, match="Choose another model"):
        Registry.load(extra).model("veo-a").check_alive(TODAY)
