"""The forms: every field explained, choices as choices, bounds as bounds."""

import pytest


def flows():
    from flows.catalog_run import catalog_run
    from flows.single_product import single_product
    from flows.social_batch import social_batch

    return [catalog_run, social_batch, single_product]


@pytest.mark.parametrize("index", range(3))
def test_every_field_of_every_form_is_explained(index):
    schema = flows()[index].parameters.model_dump()

    for name, field in schema["properties"].items():
        assert field.get("description"), name
    for title, form in schema["definitions"].items():
        assert form["additionalProperties"] is False, title
        for name, field in form["properties"].items():
            assert len(field.get("description", "")) > 20, f"{title}.{name}"


def test_platforms_and_models_come_from_the_content_and_the_registry():
    video = flows()[0].parameters.definitions["Video"]["properties"]

    assert {"instagram_reels", "tiktok", "youtube", "pinterest"} <= set(video["platforms"]["items"]["enum"])
    assert video["model"]["enum"][0] == "as configured"
    assert "veo-3.1-fast-generate-001" in video["model"]["enum"]
    assert video["resolution"]["enum"] == ["as configured", "720p", "1080p", "4k"]


def test_a_platform_of_ones_own_appears_in_the_form(monkeypatch, tmp_path):
    from pydantic import TypeAdapter

    from flows.choices import PlatformName

    (tmp_path / "platforms.toml").write_text(
        '[shop_window]\ntitle = "Shop window"\nratio = "9:16"\nnative = "9:16"\nwidth = 720\nheight = 1280\n'
        'source = "our own screens, 2026"\n'
    )
    monkeypatch.setenv("REELMILL_CATALOGS_DIR", str(tmp_path))

    assert TypeAdapter(PlatformName).json_schema()["enum"] == ["shop_window"]


def test_the_social_default_names_platforms_that_exist():
    from flows.parameters import SocialVideo

    offered = flows()[1].parameters.definitions["SocialVideo"]["properties"]["platforms"]["items"]["enum"]

    assert set(SocialVideo().platforms) <= set(offered)


def test_a_field_left_alone_leaves_the_setting_alone(monkeypatch):
    from decimal import Decimal

    from flows.parameters import Spending, Video, settings_for

    monkeypatch.setenv("REELMILL_MODEL", "veo-3.1-generate-001")
    monkeypatch.setenv("REELMILL_CAP_RUN_USD", "7.00")

    untouched = settings_for(Video(), Spending())
    chosen = settings_for(Video(model="veo-3.1-lite-generate-001"), Spending(cap_usd=Decimal("3.50")))

    assert (untouched.model, untouched.cap_run_usd) == ("veo-3.1-generate-001", Decimal("7.00"))
    assert (chosen.model, chosen.cap_run_usd) == ("veo-3.1-lite-generate-001", Decimal("3.50"))


def test_the_form_names_the_settings_that_it_gives_a_value():
    from decimal import Decimal

    from flows.parameters import Spending, Video, chosen_settings

    assert chosen_settings(Video(), Spending()) == {}
    assert chosen_settings(Video(campaign="spring", variants=2), Spending(cap_usd=Decimal("3.50"))) == {
        "campaign": "spring",
        "variants": 2,
        "cap_run_usd": Decimal("3.50"),
    }


@pytest.mark.parametrize(
    "wrong", [{"cap_usd": -1}, {"cap_usd": "1.234"}, {"dry_rum": True}, {"approve_up_to_usd": -0.01}]
)
def test_a_wrong_amount_or_a_typo_is_refused(wrong):
    from pydantic import ValidationError

    from flows.parameters import Spending

    with pytest.raises(ValidationError):
        Spending(**wrong)
