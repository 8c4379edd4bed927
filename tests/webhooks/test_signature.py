"""Signatures: the specification's own example, and whatever else is said or changed."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.errors import FixConfiguration
from reelmill.webhooks.signature import parse_secrets, sign, signed_headers
from tests.support.postcount import Seen
from tests.support.webhook_receiver import OTHER_SECRET, SECRET, verified

IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=60)


def test_the_example_of_the_specification():
    (key,) = parse_secrets(SECRET)
    signature = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@settings(deadline=None)
@given(IDS, st.integers(0, 2**33), st.binary(max_size=300), st.binary(min_size=24, max_size=64))
def test_a_signature_depends_on_every_part(message_id, timestamp, body, key):
    signature = sign(key, message_id, timestamp, body)
    assert signature == sign(key, message_id, timestamp, body)
    others = {
        sign(key, message_id + "x", timestamp, body),
        sign(key, message_id, timestamp + 1, body),
        sign(key, message_id, timestamp, body + b" "),
        sign(key + b"x", message_id, timestamp, body),
    }
    assert signature not in others
    assert len(base64.b64decode(signature.removeprefix("v1,"))) == 32


@settings(deadline=None)
@given(st.sampled_from([SECRET, OTHER_SECRET]), st.sampled_from([" ", ",", ", "]))
def test_while_a_secret_is_changed_both_open_the_message(secret, between):
    import time

    body = b'{"type":"test","timestamp":"now","data":{}}'
    headers = signed_headers(parse_secrets(SECRET + between + OTHER_SECRET), "msg_1", int(time.time()), body)
    request = Seen("POST", "/", {**headers, "content-type": "application/json"}, body)
    assert verified(request, secret)["type"] == "test"


def test_a_long_secret_may_come_in_lines_as_openssl_writes_it():
    whole = "whsec_" + base64.b64encode(bytes(range(64))).decode()
    lines = f"{whole[:70]}\n{whole[70:]}\n"
    assert parse_secrets(lines) == (bytes(range(64)),)
    assert parse_secrets(f"{lines}{SECRET}") == parse_secrets(f"{whole} {SECRET}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",  # without its prefix
        "whsec_",
        "whsec_dG9vIHNob3J0",
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa?!",
        f"{SECRET} {OTHER_SECRET} {SECRET}",
    ],
)
def test_what_is_no_secret_is_refused_without_showing_it(text):
    with pytest.raises(FixConfiguration, match="REELMILL_WEBHOOK_SECRET") as refused:
        parse_secrets(text)
    assert "MfKQ9r8" not in str(refused.value)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_anything_at_all_is_a_secret_or_refused(text):
    try:
        keys = parse_secrets(text)
    except FixConfiguration:
        return
    assert all(24 <= len(key) <= 64 for key in keys)
