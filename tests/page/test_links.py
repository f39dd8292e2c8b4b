"""Which links change, and what they change to."""

from __future__ import annotations

from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from chatsso_middleware.page.edits import AddParameters, LinkEdit, PageEdits
from chatsso_middleware.urls import is_path_on_this_host
from tests.page.rewritten import GATEWAY, HOST, LINKS, TOKEN, links_edited, rewritten

HOSTS = frozenset({HOST})
THROUGH = PageEdits(links=(LinkEdit(HOSTS, GATEWAY, scripts=frozenset({"/js/embed.js"})),))
NOREFERRER = PageEdits(links=(LinkEdit(HOSTS, AddParameters((("token", "T"),)), noreferrer=True),))
SCRIPTS = PageEdits(links=(LinkEdit(HOSTS, TOKEN, scripts=frozenset({"/js/embed.js"})),))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<a href='https://room.test/'>", "<a href='https://room.test/?+'>"),
        ('<a href="https://room.test/">', '<a href="https://room.test/?+">'),
        ("<a href=https://room.test/>", '<a href="https://room.test/?+">'),
        ("<a href=https://room.test/ x>", '<a href="https://room.test/?+" x>'),
        ("<A HREF='HTTPS://ROOM.TEST/'>", "<A HREF='HTTPS://ROOM.TEST/?+'>"),
        ("<a\nhref\t=\f'//room.test/'\r>", "<a\nhref\t=\f'//room.test/?+'\r>"),
        ("<a/href='//room.test/'/>", "<a/href='//room.test/?+'/>"),
        ("<a class='b'href='//room.test/'c=d>", "<a class='b'href='//room.test/?+'c=d>"),
        ("<a x='>' y=\"</a>\" href='//room.test/'>", "<a x='>' y=\"</a>\" href='//room.test/?+'>"),
        (
            '<a class="b" data-x @click="c" href="//room.test/">',
            '<a class="b" data-x @click="c" href="//room.test/?+">',
        ),
        ("<a hreflang=en href='//room.test/'>", "<a hreflang=en href='//room.test/?+'>"),
        ('<a hreflang="en" href="/x">', '<a hreflang="en" href="/x">'),
        ("<area href='//room.test/'>", "<area href='//room.test/?+'>"),
        ("<iframe src='//room.test/'></iframe>", "<iframe src='//room.test/?+'></iframe>"),
        ("<form method=post action='//room.test/'>", "<form method=post action='//room.test/?+'>"),
        ("<svg><a href='//room.test/'></a></svg>", "<svg><a href='//room.test/?+'></a></svg>"),
        ("<svg><path/><a href='//room.test/'></a></svg>", "<svg><path/><a href='//room.test/?+'></a></svg>"),
        ("<svg><foreignObject><iframe src=//room.test>", '<svg><foreignObject><iframe src="//room.test/?+">'),
        ("<table><tr><a href=//room.test/x>", '<table><tr><a href="//room.test/x?+">'),
        (
            "<noscript><a href='//room.test/'></a></noscript>",
            "<noscript><a href='//room.test/?+'></a></noscript>",
        ),
        ("<template><a href='//room.test/'></template>", "<template><a href='//room.test/?+'></template>"),
        ("text < <a href='//room.test/'>", "text < <a href='//room.test/?+'>"),
        ("<<a href='//room.test/'>", "<<a href='//room.test/?+'>"),
        ("</><a href='//room.test/'>", "</><a href='//room.test/?+'>"),
    ],
)
def test_a_link_to_the_chat_is_edited_however_the_tag_is_written(before: str, after: str) -> None:
    assert links_edited(before.encode()) == after.encode()


@pytest.mark.parametrize(
    "page",
    [
        "<a href=''>",
        "<a href>",
        "<a href=>",
        "<a href='/'>",
        "<a>",
        "<link href='//room.test/'>",
        "<img src='//room.test/'>",
        "<a src='//room.test/'>",
        "<iframe href='//room.test/'>",
        "<a data-href='//room.test/'>",
        "<a xlink:href='//room.test/'>",
        "<a title='href=//room.test/'>",
        "<a href='/' href='//room.test/'>",
        "<a href HREF='//room.test/'>",
        '<a href="/x" href="//room.test/">',
        "</a href='//room.test/'>",
        "<abbr href='//room.test/'>",
        "<a-b href='//room.test/'>",
        "<script src='https://room.test/js/embed.js'></script>",
        "<!-- <a href='//room.test/'> -->",
        "<script>'<a href=\"//room.test/\">'</script>",
        "<script src='x'><a href='//room.test/'></script>",
        "<textarea><a href='//room.test/'></textarea>",
        "<style><a href='//room.test/'></style>",
        "<title><a href='//room.test/'></title>",
        "<iframe src='/'><a href='//room.test/'></iframe>",
        "<xmp><a href='//room.test/'></xmp>",
        "<plaintext><a href='//room.test/'>",
        "<svg><![CDATA[<a href='//room.test/'>]]></svg>",
        "<svg><iframe src='//room.test/'></svg>",
        "<math><a href='//room.test/'></math>",
        "<noscript><!--<a href='//room.test/'>--></noscript>",
        "<noscript><a title='<a href=//room.test/></noscript>",
        "<noscript><a href='//room.test/</noscript>",
        "<a href='//room.test/' data-chatsso='off'>",
        "<a data-chatsso href='//room.test/'>",
        "<A DATA-CHATSSO=on HREF='//room.test/'>",
        "<a title='<a href=//room.test/>'>",
        "<a href='//room.test/'",
    ],
)
def test_what_is_no_link_to_the_chat_stays(page: str) -> None:
    assert rewritten(page.encode(), LINKS) == page.encode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("https://room.test", "https://room.test/?+"),
        ("https://room.test/lobby", "https://room.test/lobby?+"),
        ("https://room.test?room=1", "https://room.test?room=1&amp;+"),
        ("https://room.test#now", "https://room.test/?+#now"),
        ("https://room.test/?", "https://room.test/?+"),
        ("https://room.test/?#x", "https://room.test/?+#x"),
        ("https://room.test/?a=1#x?y", "https://room.test/?a=1&amp;+#x?y"),
        ("https://room.test/?a=1&amp;b=2", "https://room.test/?a=1&amp;b=2&amp;+"),
        ("https://room.test/?a=1&b=2", "https://room.test/?a=1&b=2&amp;+"),
        ("https://room.test/?a=1&", "https://room.test/?a=1&+"),
        ("https://room.test/?a=1&amp;", "https://room.test/?a=1&amp;+"),
        ("https://room.test/?a=1;", "https://room.test/?a=1;&amp;+"),
        ("https://room.test/?a=1&#x26", "https://room.test/?a=1&#x26&amp;+"),
        ("https://room.test/?a&#38;b=2", "https://room.test/?a&#38;b=2&amp;+"),
        ("https://room.test/?a&#38;b&num;x", "https://room.test/?a&#38;b&amp;+&num;x"),
        ("https://room.test/&#35;x", "https://room.test/?+&#35;x"),
        ("https://room.test/&#x23;=x", "https://room.test/?+&#x23;=x"),
        ("https://room.test/&quest;a=1", "https://room.test/&quest;a=1&amp;+"),
        ("https://room.test/&quest;=1", "https://room.test/&quest;=1&amp;+"),
        ("https://room.test/&nosuch;#x", "https://room.test/&nosuch;?+#x"),
        ("https://room.test/?a=1&copy=2", "https://room.test/?a=1&copy=2&amp;+"),
        ("https://room.test/?my_access_token=1", "https://room.test/?my_access_token=1&amp;+"),
        ("https://room.test/access_token=1", "https://room.test/access_token=1?+"),
        ("https://room.test/#access_token=1", "https://room.test/?+#access_token=1"),
        ("https:\\\\room.test\\a", "https:\\\\room.test\\a?+"),
        (" https://room.test/ ", " https://room.test/?+ "),
        ("\n\x01https://room.test\n", "\n\x01https://room.test/?+\n"),
        ("https://room.test/ #x", "https://room.test/ ?+#x"),
    ],
)
def test_parameters_go_to_the_end_of_the_query_and_the_rest_is_kept(before: str, after: str) -> None:
    added = after.replace("+", "access_token=T&amp;rememberMe=0")
    assert rewritten(f"<a href='{before}'>".encode(), LINKS) == f"<a href='{added}'>".encode()


@pytest.mark.parametrize(
    "query",
    [
        "access_token=old",
        "a=1&amp;access_token=old",
        "a=1&access_token",
        "rememberMe=1#x",
        "a=1&#38;rememberMe=1",
        "access%5Ftoken=old",
        "access_\ntoken=old",
    ],
)
def test_a_link_that_has_one_of_the_parameters_stays(query: str) -> None:
    page = f"<a href='//room.test/?{query}'>".encode()
    assert rewritten(page, LINKS) == page


def test_parameters_are_encoded_for_the_query_and_for_the_attribute() -> None:
    change = AddParameters((("a b", "\u00e9&\"'<"), ("c", "")))
    page = rewritten(b"<a href=//room.test/>", PageEdits(links=(LinkEdit(HOSTS, change),)))
    assert page == b'<a href="//room.test/?a+b=%C3%A9%26%22%27%3C&amp;c=">'


def test_no_parameters_are_no_change() -> None:
    page = b"<a href=//room.test/><form action=//room.test/>"
    edits = PageEdits(links=(LinkEdit(HOSTS, AddParameters(()), noreferrer=True),))
    assert rewritten(page, edits) == page


def test_a_quote_within_an_unquoted_value_is_escaped_when_it_gets_quotes() -> None:
    page = rewritten(b"<a href=//room.test/?a=\"b\"'c'>", LINKS)
    assert page == b"<a href=\"//room.test/?a=&quot;b&quot;'c'&amp;access_token=T&amp;rememberMe=0\">"


def test_editing_twice_is_editing_once() -> None:
    page = b"<a href=//room.test/><form action=//room.test/x><iframe src='//room.test?a#b'></iframe>"
    for edits in (LINKS, THROUGH, NOREFERRER):
        once = rewritten(page, edits)
        assert once != page
        assert rewritten(once, edits) == once


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<a href='//room.test/'>", "<a href='//room.test/?token=T' rel=\"noreferrer\">"),
        ("<a href=//room.test/>", '<a href="//room.test/?token=T" rel="noreferrer">'),
        (
            "<a rel='nofollow' href='//room.test/'>",
            "<a rel='nofollow noreferrer' href='//room.test/?token=T'>",
        ),
        (
            "<a rel=nofollow href='//room.test/'>",
            "<a rel=\"nofollow noreferrer\" href='//room.test/?token=T'>",
        ),
        ("<a href='//room.test/' REL=''>", "<a href='//room.test/?token=T' REL='noreferrer'>"),
        ("<a href='//room.test/' rel>", "<a href='//room.test/?token=T' rel=\"noreferrer\">"),
        ("<a href='//room.test/' rel=>", "<a href='//room.test/?token=T' rel=\"noreferrer\">"),
        ("<a href='//room.test/' rel='x NoReferrer'>", "<a href='//room.test/?token=T' rel='x NoReferrer'>"),
        (
            "<a href='//room.test/' rel='noreferrer-not'>",
            "<a href='//room.test/?token=T' rel='noreferrer-not noreferrer'>",
        ),
        ("<area href='//room.test/'>", "<area href='//room.test/?token=T' rel=\"noreferrer\">"),
        ("<iframe src='//room.test/'>", "<iframe src='//room.test/?token=T'>"),
        ("<a href='//room.test/?token=x'>", "<a href='//room.test/?token=x'>"),
        ("<a href='//else.test/'>", "<a href='//else.test/'>"),
        (
            "<form action='//room.test/' method=POST>",
            "<form action='//room.test/?token=T' rel=\"noreferrer\" method=POST>",
        ),
        (
            "<form action='//room.test/'>",
            '<form action=\'//room.test/\' data-chatsso="done" rel="noreferrer">'
            '<input type="hidden" name="token" value="T">',
        ),
    ],
)
def test_an_edited_link_sends_no_referrer_and_keeps_the_authors_rel(before: str, after: str) -> None:
    assert rewritten(before.encode(), NOREFERRER) == after.encode()


TOKEN_FIELDS = (
    '<input type="hidden" name="access_token" value="T"><input type="hidden" name="rememberMe" value="0">'
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<form action='//room.test/?a=1'>|x</form>", "<form action='//room.test/?a=1' ~>|x</form>"),
        ("<form action=//room.test>|", "<form action=//room.test ~>|"),
        ("<form action='//room.test' method=get>|", "<form action='//room.test' ~ method=get>|"),
        ("<form action='//room.test' method>|", "<form action='//room.test' ~ method>|"),
        ("<form method=nonsense action='//room.test'>|", "<form method=nonsense action='//room.test' ~>|"),
    ],
)
def test_a_form_sent_by_get_gains_hidden_fields_for_its_query_is_thrown_away(before: str, after: str) -> None:
    edited = after.replace("~", 'data-chatsso="done"').replace("|", TOKEN_FIELDS)
    assert rewritten(before.replace("|", "").encode(), LINKS) == edited.encode()


@pytest.mark.parametrize("method", ["post", "POST", "dialog", "&#112;ost"])
def test_the_address_of_a_form_that_is_not_sent_by_get_is_edited_like_a_link(method: str) -> None:
    page = rewritten(f"<form method='{method}' action='//room.test/?a'>".encode(), LINKS)
    assert (
        page
        == f"<form method='{method}' action='//room.test/?a&amp;access_token=T&amp;rememberMe=0'>".encode()
    )


@pytest.mark.parametrize(
    "page",
    [
        "<form action='/site'><form action='//room.test/'></form>",
        "<form action='/site'><p><noscript><form action='//room.test/'></noscript>",
        "<form action='/site'><template><form></form></template><form action='//room.test/'>",
    ],
)
def test_a_form_within_a_form_stays_for_its_fields_would_join_the_outer(page: str) -> None:
    assert rewritten(page.encode(), LINKS) == page.encode()


@pytest.mark.parametrize(
    "before",
    [
        "<form></form>",
        "<form><template></form></template></form>",
        "<template><form></template>",
        "<noscript><form></noscript>",
        "<svg><form></form></svg>",
        "<form><svg><form></form></svg></form>",
        "<template><form>",
    ],
)
def test_a_form_after_another_is_a_form(before: str) -> None:
    page = rewritten(f"{before}<form action='//room.test/'>".encode(), LINKS)
    assert page == f"{before}<form action='//room.test/' data-chatsso=\"done\">{TOKEN_FIELDS}".encode()


@pytest.mark.parametrize(
    ("address", "to"),
    [
        ("https://room.test", "/"),
        ("//room.test/lobby?a=1&amp;b=2#now", "/lobby?a=1&b=2#now"),
        ("//room.test?a=1", "/?a=1"),
        ("//room.test#x", "/#x"),
        ("//room.test/?a=1&copy=2&copy;", "/?a=1&copy=2%C2%A9"),
        ("//room.test/?a=1&copy", "/?a=1%C2%A9"),
        ("//room.test/&num;x&#63;", "/#x?"),
        ("//room.test/&#0000000000000000063;x", "/?x"),
        ("//room.test/&#x110000;&#99999999;", "/%EF%BF%BD%EF%BF%BD"),
        ("//room.test/&nosuch;&;&#;&#x;", "/&nosuch;&;&#;&#x;"),
        ("//room.test//evil.test/", "/evil.test/"),
        ("\\\\room.test\\\\evil.test\\a?b\\c", "/evil.test/a?b%5Cc"),
        ("//room.test/a b\t\nc%20d ", "/a%20bc%20d"),
        ("//room.test/\u00e9", "/%C3%A9"),
        ("//room.test/\x00\x7f<", "/%00%7F%3C"),
    ],
)
def test_a_link_through_the_gateway_says_where_to(address: str, to: str) -> None:
    page = rewritten(f"<a href='{address}'>".encode(), THROUGH).decode("ascii")
    value = page.removeprefix("<a href='").removesuffix("'>")
    assert value.startswith("/chatsso/go?to=%2F")
    assert value.endswith("&amp;provider=website_toolbox")
    assert parse_qs(urlsplit(unescape(value)).query) == {"to": [to], "provider": ["website_toolbox"]}
    assert is_path_on_this_host(to)


def test_a_form_through_the_gateway_says_where_to_in_hidden_fields() -> None:
    assert rewritten(b"<form action=//room.test/x?a=1&amp;b>", THROUGH) == (
        b'<form action="/chatsso/go"><input type="hidden" name="to" value="/x?a=1&amp;b">'
        b'<input type="hidden" name="provider" value="website_toolbox">'
    )
    assert rewritten(b"<form action='//room.test/' method=post>", THROUGH) == (
        b"<form action='/chatsso/go?to=%2F&amp;provider=website_toolbox' method=post>"
    )


@pytest.mark.parametrize(
    ("page", "changes"),
    [
        ("<script src='//room.test/js/embed.js'></script>", True),
        ('<script id="embedded_chatroom" src="//room.test/js/embed.js?x=1"></script>', True),
        ("<script async src=https://room.test\\js\\embed.js#x></script>", True),
        ("<script src='//room.test/js/&#101;mbed.js'></script>", True),
        ('<script src="//room.test/js/other.js"></script>', False),
        ('<script src="//room.test/js/embed.jsx"></script>', False),
        ('<script src="//room.test/js/embed.js/"></script>', False),
        ('<script src="//else.test/js/embed.js"></script>', False),
        ('<script src="/js/embed.js"></script>', False),
        ('<script src="/site.js" defer>"<a href=//room.test/>"</script>', False),
        ("<script data-src='//room.test/js/embed.js'></script>", False),
        ("<svg><script src='//room.test/js/embed.js'></script></svg>", False),
    ],
)
def test_only_the_scripts_of_the_chat_are_edited(page: str, *, changes: bool) -> None:
    edited = rewritten(page.encode(), SCRIPTS)
    assert (edited != page.encode()) is changes
    assert (b"access_token=T" in edited) is changes


def test_a_script_goes_through_the_gateway_as_links_do() -> None:
    assert rewritten(b'<script src="//room.test/js/embed.js?x"></script>', THROUGH) == (
        b'<script src="/chatsso/go?to=%2Fjs%2Fembed.js%3Fx&amp;provider=website_toolbox"></script>'
    )


def test_every_chat_has_its_own_change() -> None:
    edits = PageEdits(
        links=(
            LinkEdit(frozenset({"one.test"}), AddParameters((("t", "1"),))),
            LinkEdit(frozenset({"two.test", "three.test:8080"}), AddParameters((("t", "2"),))),
        )
    )
    page = (
        b"<a href='//two.test/'><a href='//one.test/'><a href='//three.test/'><a href='//three.test:8080/'>"
    )
    assert rewritten(page, edits) == (
        b"<a href='//two.test/?t=2'><a href='//one.test/?t=1'><a href='//three.test/'>"
        b"<a href='//three.test:8080/?t=2'>"
    )


def test_a_provider_may_name_other_attributes() -> None:
    attributes = frozenset({("a", "data-room"), ("video", "poster")})
    edits = PageEdits(links=(LinkEdit(HOSTS, AddParameters((("t", "1"),)), attributes=attributes),))
    page = (
        b"<a href=//room.test data-room='//room.test/'><video poster='//room.test/x'><area href=//room.test>"
    )
    assert rewritten(page, edits) == (
        b"<a href=//room.test data-room='//room.test/?t=1'><video poster='//room.test/x?t=1'>"
        b"<area href=//room.test>"
    )


def test_two_attributes_of_one_tag_may_change() -> None:
    attributes = frozenset({("a", "href"), ("a", "ping")})
    edits = PageEdits(links=(LinkEdit(HOSTS, AddParameters((("t", "1"),)), attributes=attributes),))
    page = b"<a ping='//room.test/p' class=x href='//room.test/h'>"
    assert rewritten(page, edits) == b"<a ping='//room.test/p?t=1' class=x href='//room.test/h?t=1'>"
