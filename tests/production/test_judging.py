"""A finished clip is compared with its product's picture: permitted, paid, recorded, and never in the clip's way."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from av.video.frame import VideoFrame

from reelmill.finish import Consequence, Finish
from reelmill.judging.gemini import GeminiJudge
from reelmill.judging.terms import JudgeTerms
from reelmill.judging.verdict import ASPECTS
from reelmill.ledger.records import Caps, Settlement
from reelmill.ledger.states import State, VerdictState
from reelmill.ledger.verdicts import AskedVerdict
from reelmill.media.poster import to_jpeg
from reelmill.production.collecting import Landed
from reelmill.production.finishing import Finishing
from reelmill.production.judging import judge_clip
from reelmill.production.producer import Producer
from reelmill.production.provenance_reading import read_provenance
from reelmill.production.sending import authorise
from reelmill.production.work import Work
from tests.support.pictures import png
from tests.support.production import RUN, clip, named, open_engine

JUDGE = "gemini-3.5-flash-lite"
VIDEO_USD = Decimal("0.20")
PICTURE = png(64, 64, 200)


def jpeg(shade):
    return to_jpeg(VideoFrame.from_ndarray(np.full((96, 64, 3), shade, np.uint8), format="rgb24"))


SEEN = Landed(("v.mp4",), {"status": "pass", "findings": []}, frames=(jpeg(200), jpeg(180)))


class Bench:
    """A clip whose video has come back and was looked at, and the studio that judges it."""

    def __init__(self, studio, veo, *, title="Linen shirt", picture=PICTURE):
        self.ledger, self.veo, self.studio = studio.ledger, veo, studio
        self.clip = replace(named(clip(), "A shirt."), title=title)
        if picture is not None:
            name = f"inputs/{self.clip.clip_id}.png"
            studio.storage.create(name, picture, "image/png")
            self.clip = replace(self.clip, picture=studio.storage.uri(name))
        self.intent = authorise(self.studio, Work(self.clip), RUN)
        self.ledger.mark_sending(self.intent.intent_id, owner=studio.owner, lease_s=30)
        self.ledger.accepted(self.intent.intent_id, f"operations/{self.intent.intent_id}")

    def judge(self, studio=None):
        landed = judge_clip(studio or self.studio, self.clip, self.intent, SEEN)
        assert self.ledger.audit() == []
        return landed

    @property
    def verdicts(self):
        return self.ledger.verdicts_of(self.intent.intent_id)

    @property
    def spent(self):
        return self.ledger.intent(self.intent.intent_id).charged_usd

    @property
    def billed(self):
        """What the simulator billed for questions about this clip, each in order."""
        ours = [one for one in self.veo.journal() if one["labels"].get("intent") == self.intent.intent_id]
        return [Decimal(one["amount_usd"]) for one in ours]


@pytest.fixture(scope="module")
def studio(tmp_path_factory, veo, gcs):
    with open_engine(tmp_path_factory.mktemp("judged"), veo, gcs, judge_model=JUDGE, inspect="full") as engine:
        yield engine.studio()


@pytest.fixture
def bench(studio, veo):
    return Bench(studio, veo)


async def test_a_clip_is_made_judged_and_booked_to_the_last_digit_of_the_bill(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs, judge_model=JUDGE, inspect="full", renditions=False) as engine:
        engine.storage.create("inputs/shirt.png", PICTURE, "image/png")
        work = replace(clip(), picture=engine.storage.uri("inputs/shirt.png"))
        result = await Producer(engine.studio(), RUN).produce(Work(work))
        ((_, intent),) = engine.ledger.intents()
        (verdict,) = engine.ledger.verdicts_of(intent.intent_id)
        name = engine.storage.name(intent.provenance_uri)
        record = read_provenance(engine.storage.read(name), name, engine.storage)
        assert engine.ledger.audit() == []
        spent = engine.ledger.run(RUN).spent_usd

    ours = [one for one in veo.journal() if one["labels"].get("intent") == intent.intent_id]
    (question,) = (one for one in ours if one.get("kind") == "verdict")
    assert spent == result.charged_usd == sum(Decimal(one["amount_usd"]) for one in ours)
    assert verdict.charged_usd == Decimal(question["amount_usd"]) < verdict.most_usd
    assert verdict.exact_usd == Decimal(question["exact_usd"])
    assert question["pictures"] == 1 + 4
    assert (result.state, intent.inspection["verdict"]) == (State.SUCCEEDED, verdict.answer)
    assert verdict.answer.keys() == {"overall", *ASPECTS}
    assert record.verdicts == (verdict,)
    assert (record.amount_usd, record.intent.charged_usd) == (VIDEO_USD, spent)


def test_another_colour_is_found_and_the_policy_says_what_follows(studio, veo):
    bench = Bench(studio, veo, picture=png(64, 64, 5))
    landed = bench.judge()
    (finding,) = (each for each in landed.inspection["findings"] if each["code"] == "product_colour")
    said = landed.inspection["verdict"]
    assert (said["colour"]["grade"], said["overall"]) == ("wrong", "wrong")
    assert said["colour"]["reason"] in finding["message"]
    assert (landed.inspection["status"], bench.spent) == ("review", bench.billed[0])

    strict = Finishing(finish=Finish(findings={"product_colour": Consequence.REMAKE}))
    again = bench.judge(replace(bench.studio, finishing=strict))
    assert (again.inspection["status"], again.inspection["recommended"]) == ("fail", "remake")
    assert replace(bench.intent, state=State.SUCCEEDED, inspection=again.inspection).asks_for_remake
    assert not replace(bench.intent, state=State.SUCCEEDED, inspection=landed.inspection).asks_for_remake
    assert len(bench.billed) == 1  # the answer was there


def test_a_product_that_is_not_to_be_seen_at_all_is_found_in_words(bench):
    answer = {name: {"grade": "not_visible", "reason": "Only a wall."} for name in ASPECTS} | {"overall": "not_visible"}
    terms = JudgeTerms.of(bench.studio.settings, bench.ledger.now().date())
    asked = AskedVerdict(
        model=terms.model, price=terms.price, price_date=terms.as_of.isoformat(), most_usd=terms.most_usd
    )
    verdict = bench.ledger.ask_verdict(bench.intent.intent_id, asked, caps=Caps(), at_most=2)
    bench.ledger.answer_verdict(verdict, input_tokens=10, output_tokens=10, answer=answer, error="")

    (finding,) = bench.judge().inspection["findings"]
    assert (finding["code"], finding["message"]) == ("product_shape", "Not visible: Only a wall.")


def test_what_is_like_its_product_passes(bench):
    landed = bench.judge()
    assert (landed.inspection["status"], landed.inspection["findings"]) == ("pass", [])


@pytest.mark.parametrize(
    ("fault", "questions", "words"),
    [
        ("judge_429", 0, "quota for the judge is used up"),
        ("judge_400", 0, "HTTP 400"),
        ("judge_500", 2, "No answer came"),
        ("judge_cut", 2, "No answer came"),
        ("judge_malformed", 2, "No answer came"),
        ("judge_uncounted", 2, "does not tell its tokens"),
        ("judge_garbage", 1, "no verdict"),
    ],
)
def test_whatever_the_judge_does_the_clip_goes_on_and_the_books_are_not_below_the_bill(
    studio, veo, fault, questions, words
):
    bench = Bench(studio, veo, title=f"Linen shirt [[fault:{fault}]]")
    landed = bench.judge()
    (finding,) = landed.inspection["findings"]
    assert (finding["code"], landed.inspection["status"], landed.inspection["verdict"]) == (
        "not_judged",
        "review",
        None,
    )
    assert words in finding["message"]
    assert len(bench.billed) == questions
    if questions == 2:  # nobody knows what they cost
        assert bench.spent == sum(one.most_usd for one in bench.verdicts) > sum(bench.billed)
        assert {one.state for one in bench.verdicts} == {VerdictState.UNCLEAR}
    else:
        assert bench.spent == sum(bench.billed)


def test_the_second_question_is_answered_if_the_first_was_cut_off(studio, veo):
    bench = Bench(studio, veo, title="Linen shirt [[fault:judge_drop:1]]")
    landed = bench.judge()
    lost, answered = bench.verdicts
    assert (lost.state, answered.state) == (VerdictState.UNCLEAR, VerdictState.ANSWERED)
    assert bench.spent == lost.most_usd + bench.billed[1]
    assert landed.inspection["verdict"] == answered.answer


def test_a_cap_that_is_full_leaves_the_clip_unjudged(bench):
    landed = bench.judge(replace(bench.studio, caps=Caps(day_usd=VIDEO_USD)))
    assert "day cap of 0.20 USD" in landed.inspection["findings"][0]["message"]
    assert (bench.verdicts, bench.billed, bench.spent) == ((), [], 0)


@pytest.mark.parametrize(
    ("address", "words"), [("", "No picture of the product is known."), ("http://shop.example/a.png", "not https")]
)
def test_without_a_picture_nothing_is_asked(studio, veo, address, words):
    bench = Bench(studio, veo, picture=None)
    bench.clip = replace(bench.clip, picture=address)
    landed = bench.judge()
    assert words in landed.inspection["findings"][0]["message"]
    assert (bench.verdicts, bench.billed) == ((), [])


def test_an_unfit_clip_is_not_paid_for_again(bench):
    unfit = replace(SEEN, inspection={"status": "fail", "findings": []})
    assert judge_clip(bench.studio, bench.clip, bench.intent, unfit) is unfit
    assert bench.billed == []


def test_a_process_that_dies_after_asking_leaves_the_maximum_and_the_next_one_asks_once_more(bench):
    """It dies between the answer and its record: the question was billed, and nobody knows."""

    class Killed(BaseException):
        pass

    class Dying(GeminiJudge):
        def ask(self, question):
            super().ask(question)
            raise Killed

    dying = Dying.from_settings(bench.studio.settings)
    with pytest.raises(Killed):
        bench.judge(replace(bench.studio, judge=dying))
    dying.close()
    (lost,) = bench.verdicts
    assert (lost.state, bench.spent) == (VerdictState.ASKED, lost.most_usd)

    bench.judge()
    assert [one.state for one in bench.verdicts] == [VerdictState.ASKED, VerdictState.ANSWERED]
    assert bench.spent == lost.most_usd + bench.billed[1]
    done = Settlement(state=State.SUCCEEDED, returned=1, video_uris=("v.mp4",))
    assert bench.ledger.settle(bench.intent.intent_id, done)
    assert bench.spent == VIDEO_USD + lost.most_usd + bench.billed[1]
    assert bench.ledger.audit() == []


async def test_switched_off_nothing_is_read_asked_or_noted(tmp_path, veo, gcs, monkeypatch):
    def never(*_args, **_kwargs):
        raise AssertionError("asked for verdicts")

    monkeypatch.setattr("reelmill.ledger.ledger.Ledger.verdicts_of", never)
    with open_engine(tmp_path, veo, gcs) as engine:
        studio = engine.studio()
        assert studio.judge is None
        await Producer(studio, RUN).produce(Work(clip()))
        ((_, intent),) = engine.ledger.intents()
    assert "verdict" not in intent.inspection
    assert intent.charged_usd == VIDEO_USD
