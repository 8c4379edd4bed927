"""Where webhooks may go: https to the public internet, this machine, or one's own network if one says so."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.errors import FixConfiguration
from reelmill.settings import load_settings
from reelmill.webhooks.receiver import ForbiddenAddress, Receiver
from tests.support.webhook_receiver import SECRET

PRIVATE = ["10.1.2.3", "192.168.1.9", "172.16.0.1", "169.254.169.254", "fd00::1", "fe80::1", "100.64.0.1"]


def receiver(url: str, **changes) -> Receiver:
    return Receiver.from_settings(load_settings(webhook_url=url, webhook_secret=SECRET, **changes))


def at(url: str, *addresses: str, private: bool = False) -> str:
    """The address that would be tried first if the name led to ``addresses``."""
    return Receiver(url=url, keys=(), private=private, resolver=lambda _host, _port: addresses).addresses()[0]


@pytest.mark.parametrize(
    "url",
    [
        "http://cms.example.com/hook",
        "http://10.0.0.1/",
        "ftp://cms.example.com/",
        "cms.example.com/hook",
        "https://",
        "https://user:pass@cms.example.com/",
        "https://cms.example.com/#part",
        "https://cms.example.com:port/",
        "https://cms.example.com/a b",
        "https://größe.example.com/",
        "https://[::1/",
        "http://localhost.example.com/",
    ],
)
def test_a_wrong_address_is_refused_in_words_that_do_not_show_it(url):
    with pytest.raises(FixConfiguration, match="REELMILL_WEBHOOK_URL") as refused:
        receiver(url)
    assert "example.com" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://cms.example.com/hooks/T0P-S3CRET?key=1", "https://cms.example.com"),
        ("https://cms.example.com:8443/x", "https://cms.example.com:8443"),
        ("http://127.0.0.1:9000/x", "http://127.0.0.1:9000"),
        ("http://localhost/x", "http://localhost"),
        ("http://[::1]:9000/x", "http://[::1]:9000"),
    ],
)
def test_only_the_origin_is_ever_shown(url, origin):
    found = receiver(url)
    assert found.origin == origin
    assert "S3CRET" not in repr(found)
    assert "MfKQ9r8" not in repr(found)


def test_without_a_secret_there_are_no_webhooks():
    with pytest.raises(FixConfiguration, match="signed"):
        Receiver.from_settings(load_settings(webhook_url="https://cms.example.com/"))


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_inside_is_refused_unless_a_setting_allows_it(address):
    with pytest.raises(ForbiddenAddress, match="REELMILL_WEBHOOK_PRIVATE"):
        at("https://cms.example.com/", address)
    with pytest.raises(ForbiddenAddress):
        at("https://cms.example.com/", "93.184.215.14", address)  # one bad one spoils them all
    assert at("https://cms.example.com/", address, private=True) == address


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_machine_is_reached_by_its_own_names_only(address):
    assert at("http://localhost:9000/", address) == address
    with pytest.raises(ForbiddenAddress):
        at("https://cms.example.com/", address)
    with pytest.raises(ForbiddenAddress):
        at("http://localhost/", "93.184.215.14")  # plain text must not leave the machine


def test_nothing_is_sent_to_everybody():
    for address in ("224.0.0.1", "0.0.0.0", "ff02::1", "::", "nonsense"):
        with pytest.raises(ForbiddenAddress):
            at("https://cms.example.com/", address, private=True)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(url):
    try:
        found = receiver(url)
    except FixConfiguration:
        return
    assert found.origin.startswith(("https://", "http://"))
