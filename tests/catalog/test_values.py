"""Prices, texts, names and addresses."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.catalog.media import address_problem, shown_address, split_addresses
from reelmill.catalog.price import parse_price
from reelmill.catalog.text import description_column
from reelmill.column_names import slug
from reelmill.markup import description_text, plain_text, tidy

PRICES = {
    "19.99 USD": ("19.99", "USD"), "19.99": ("19.99", ""), "19,99": ("19.99", ""), "1299": ("1299", ""),
    "$19.99": ("19.99", "USD"), "US$ 5": ("5", "USD"), "£1,299": ("1299", "GBP"), "EUR 1.299,00": ("1299.00", "EUR"),
    "1.299,00 €": ("1299.00", "EUR"), "1 299,00 €": ("1299.00", "EUR"), "1\u202f299,00\u00a0€": ("1299.00", "EUR"),
    "1,299.00": ("1299.00", ""), "1'299.00 CHF": ("1299.00", "CHF"), "CHF 5.-": ("5", "CHF"), "5,-": ("5", ""),
    "1,00,000.00 INR": ("100000.00", "INR"), "1,234,567.89": ("1234567.89", ""), "1.234.567": ("1234567", ""),
    "1.299": ("1299", ""), "1,299": ("1299", ""), "1.299 KWD": ("1.299", "KWD"), "0.999": ("0.999", ""),
    ".99": ("0.99", ""), "0.00 USD": ("0.00", "USD"), "usd 5": ("5", "USD"), "5 kr": ("5", ""), "+5": ("5", ""),
    "129 zł": ("129", "PLN"), "USD19.99": ("19.99", "USD"), "R$ 10,50": ("10.50", "BRL"),
    "$19.99 CAD": ("19.99", "CAD"), "CAD $19.99": ("19.99", "CAD"), "USD $19.99": ("19.99", "USD"),
    "19.99 $ AUD": ("19.99", "AUD"), "AUD$ 5": ("5", "AUD"), "$199.00 MXN": ("199.00", "MXN"), "$5 $": ("5", "USD"),
    "¥100 CNY": ("100", "CNY"), "£5 EGP": ("5", "EGP"), "5 kr SEK": ("5", "SEK"), "EUR € 5": ("5", "EUR"),
    "23.788099999999996": ("23.7881", ""), "1.234,560000000002 €": ("1234.56", "EUR"),
}  # fmt: skip
NO_PRICES = (
    "", " ", "free", "on request", "5-7", "5.00 - 7.00 USD", "1.2.3", "12 34", "1,2,3", "1.", "NaN", "Infinity", "1e9",
    "0x10", "٣", "\uff15.00", "9" * 30, "5 potatoes", "$ 5 EUR", "1,2345.00", "12,34,5.00", "5 / 7", "{{ 5 }}", "5..0",
    "US$ 5 CAD", "USD 5 $ CAD", "CAD €5", "EUR $ 5", "AUS$ 5", "5 USD USD", "CAD CA 5", "1234567890123.4567891234",
)  # fmt: skip


@pytest.mark.parametrize("text", PRICES)
def test_prices_as_feeds_write_them(text):
    amount, currency = PRICES[text]
    assert parse_price(text) == (Decimal(amount), currency)


@pytest.mark.parametrize("text", NO_PRICES)
def test_what_is_no_price(text):
    with pytest.raises(ValueError, match=r"is not one amount|names two currencies"):
        parse_price(text)


@pytest.mark.parametrize("text", ["-5", "5-", "-5.00 USD", "$-5", "-$5", "(5.00)", "\u22125", "USD -5"])
def test_negative_prices(text):
    with pytest.raises(ValueError, match="is negative"):
        parse_price(text)


def test_a_currency_column_wins():
    assert parse_price("$5.00", "cad") == (Decimal("5.00"), "CAD")
    assert parse_price("5.00 USD", "EUR") == (Decimal("5.00"), "EUR")
    assert parse_price("5", "€") == (Decimal(5), "EUR")


@given(
    st.decimals(0, 10**9, places=2),
    st.sampled_from(["USD", "EUR", "JPY"]),
    st.sampled_from([(",", "."), (".", ","), (" ", ",")]),
)
def test_every_amount_reads_back_in_every_notation(amount, currency, marks):
    group, point = marks
    text = f"{amount:,.2f}".translate(str.maketrans({",": group, ".": point}))
    assert parse_price(f"{text} {currency}") == (amount, currency)
    assert parse_price(f"{amount:.2f} {currency}") == (amount, currency)


@given(
    st.sampled_from(
        [("$", "USD"), ("$", "CAD"), ("¥", "CNY"), ("¥", "JPY"), ("£", "GBP"), ("kr", "NOK"), ("€", "EUR")]
    ),
    st.sampled_from(["{0} {1}5", "{1} {0} 5", "{1}5 {0}", "{0} 5 {1}", "5 {1} {0}", "5{0} {1}"]),
)
def test_a_code_says_what_its_sign_stands_for(pair, form):
    sign, code = pair
    assert parse_price(form.format(code, sign)) == (Decimal(5), code)


@given(st.integers(1, 10**9), st.integers(1, 2000))
def test_amounts_that_were_computed_in_floats_are_prices(cents, thousandths):
    """Two decimals times three are five of them, whatever a float adds."""
    computed = Decimal(repr(cents / 100 * (thousandths / 1000)))
    assert parse_price(f"{computed:f} USD", typed=True) == (Decimal(cents) * thousandths / 100_000, "USD")


@given(st.text(max_size=40))
def test_any_text_is_a_price_or_a_reason(text):
    try:
        amount, currency = parse_price(text)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - either outcome is right
    else:
        assert amount >= 0
        assert amount.is_finite()
        assert currency == "" or (len(currency) == 3 and currency.isupper())


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One. Two."),
        ("<ul><li>Soft</li><li>Warm!</li></ul>after", "Soft. Warm! after"),
        ("line<br/>break", "line. break"),
        ("a <b>bold</b> <a href='x?a=1&b=2'>link</a>", "a bold link"),
        ('<img alt="a > b" src=x>text', "text"),
        ("<script>alert('1')</script>safe<STYLE>p{}</STYLE >", "safe"),
        ("<script>never closed", "never closed"),
        ("<!-- hidden -->shown<!-- open", "shown"),
        ("Salt &amp; pepper &#8211; &eacute;&#x41;", "Salt & pepper \u2013 éA"),
        ("&lt;b&gt; stays text", "<b> stays text"),
        ("AT&T, R&D, a&copy=1 and x < y > z", "AT&T, R&D, a&copy=1 and x < y > z"),
        ("size <40 cm <unknown> <", "size <40 cm <unknown> <"),
        ("<p unfinished", "<p unfinished"),
        ("&#0;&#xD800;&#99999999;", "\ufffd\ufffd&#99999999;"),
        ("x\u202egnp.exe\u202c \u200bhid\U000e0041den\x00 \u200d", "xgnp.exe hidden \u200d"),
    ],
)
def test_markup_to_text(html, text):
    assert plain_text(html) == text


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        ("&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two&lt;br/&gt;three", "One. Two. three"),
        ("&#60;div class=&quot;x&quot;&#62;Salt &amp;amp; pepper&#x3C;/div&#x3E;", "Salt & pepper."),
        ("a &lt;b&gt;bold&lt;/b&gt; one", "a bold one"),
        ("&lt;b&gt; stays text", "<b> stays text"),
        ("size &lt;40 cm, &lt;unknown&gt;", "size <40 cm, <unknown>"),
        ("<p>What a &lt;p&gt; is</p>", "What a <p> is."),
        ("<p>One</p>&amp;", "One. &"),
    ],
)
def test_escaped_markup_to_text(escaped, text):
    assert description_text(escaped) == text
    assert description_column(["", escaped, "plain"]) == ["", text, "plain"]


@pytest.mark.parametrize("piece", ["<", "<a ", "<!--", "<p>", "<script>", '<a "', "&", "&#", "<![CDATA[", "</script "])
def test_hostile_markup_takes_linear_time(piece):
    assert isinstance(plain_text(piece * (200_000 // len(piece))), str)
    escaped = piece.replace("<", "&lt;")
    assert isinstance(description_text(escaped * (200_000 // len(escaped))), str)


@given(st.text())
def test_text_is_always_one_clean_line(text):
    for clean in (tidy(text), plain_text(text)):
        assert clean == clean.strip()
        assert "  " not in clean
        assert not any(char < " " or "\x7f" <= char <= "\x9f" or char in "\u2028\u2029\u202e" for char in clean)
        clean.encode()
    assert tidy(tidy(text)) == tidy(text)


@given(st.text(st.characters(codec="utf-8", exclude_characters="<&", exclude_categories=("C", "Z")), max_size=50))
def test_plain_words_stay_as_they_are(text):
    assert plain_text(f" {text} ") == text


@given(st.text(max_size=30))
def test_a_slug_is_nothing_or_an_identifier(name):
    made = slug(name)
    assert made == "" or made.isidentifier()
    assert not made.startswith("_")
    assert slug(made) == made


def test_addresses_in_one_cell():
    assert split_addresses("https://a.example/1,https://a.example/2") == ["https://a.example/1", "https://a.example/2"]
    assert split_addresses("https://a.example/w_1,h_2/x.jpg") == ["https://a.example/w_1,h_2/x.jpg"]
    assert split_addresses(" gs://b/1 | gs://b/2\ngs://b/3; //a.example/4 ") == [
        "gs://b/1",
        "gs://b/2",
        "gs://b/3",
        "//a.example/4",
    ]
    assert split_addresses("https://a.example/1 https://a.example/2") == ["https://a.example/1", "https://a.example/2"]
    assert split_addresses("https://a.example/?u=https://b.example/1") == ["https://a.example/?u=https://b.example/1"]
    assert split_addresses("  ") == []


@given(st.text(max_size=60))
def test_any_address_is_judged_and_shown_without_secrets(text):
    if not address_problem(text):
        assert text.lower().startswith(("https://", "gs://"))
        assert text.isprintable()
    assert "?" not in shown_address(text).removesuffix("?…")
    assert "s3cr3t" not in shown_address(f"https://user:s3cr3t@h.example/{text.replace('s3cr3t', '')}?k=s3cr3t")
