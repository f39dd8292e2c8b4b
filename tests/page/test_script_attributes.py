"""The attributes that the tags of a chat's scripts gain."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsso_middleware.page.edits import AddParameters, LinkEdit, PageEdits, ScriptAttributes
from chatsso_middleware.page.rewriter import rewrite
from tests.page.rewritten import HOST, LINKS, MARK, in_chunks, rewritten
from tests.page.soup import page_soup

WIDGET = ScriptAttributes(frozenset({HOST}), frozenset({"/widget.js"}), (("data-code", "T"),))
EDITS = PageEdits(scripts=(WIDGET,))
IN_XML = PageEdits(scripts=(WIDGET,), xml=True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<script src='//room.test/widget.js'>", "<script src='//room.test/widget.js'+>"),
        (
            '<script defer src="https://room.test/widget.js" id=x>',
            '<script defer src="https://room.test/widget.js"+ id=x>',
        ),
        ("<script src=//room.test/widget.js>", "<script src=//room.test/widget.js+>"),
        ("<script src=//room.test/widget.js async>", "<script src=//room.test/widget.js+ async>"),
        ("<SCRIPT SRC='HTTPS://ROOM.TEST/widget.js'>", "<SCRIPT SRC='HTTPS://ROOM.TEST/widget.js'+>"),
        (
            "<script\n\tsrc = '//room.test/widget.js'\n\tdefer\n>",
            "<script\n\tsrc = '//room.test/widget.js'+\n\tdefer\n>",
        ),
        ("<script src='//room.test/widget.js?v=2#x'>", "<script src='//room.test/widget.js?v=2#x'+>"),
        ("<script src='//room.test\\widget.js'>", "<script src='//room.test\\widget.js'+>"),
        ("<script src='//room.test/&#119;idget.js'>", "<script src='//room.test/&#119;idget.js'+>"),
        ("<script src='//room.test/widget.js'defer>", "<script src='//room.test/widget.js'+defer>"),
    ],
)
def test_the_tag_of_the_script_gains_the_attribute_however_it_is_written(before: str, after: str) -> None:
    expected = f"{after}</script>".replace("+", ' data-code="T"')
    assert rewritten(f"{before}</script>".encode(), EDITS) == expected.encode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('data-code="old"', 'data-code="T"'),
        ("data-code='old'", "data-code='T'"),
        ("data-code=old", 'data-code="T"'),
        ("DATA-CODE = 'old'", "DATA-CODE = 'T'"),
        ("data-code", 'data-code="T"'),
        ("data-code=''", "data-code='T'"),
        ('data-code="t"', 'data-code="T"'),
        ("data-code='old' data-code='older'", "data-code='T' data-code='older'"),
        ("data-code='T'", "data-code='T'"),
        ("data-code=T", "data-code=T"),
        ("data-code='&#84;'", "data-code='&#84;'"),
    ],
)
def test_an_attribute_that_is_there_with_another_value_is_replaced(before: str, after: str) -> None:
    for page in ("<script {} src='//room.test/widget.js'>", "<script src='//room.test/widget.js' {}>"):
        edited = rewritten(page.format(before).encode(), EDITS)
        assert edited == page.format(after).encode()


@pytest.mark.parametrize(
    "page",
    [
        "<script src='//room.test/other.js'>",
        "<script src='//room.test/widget.js/'>",
        "<script src='//room.test/widget.jsx'>",
        "<script src='//room.test/a/widget.js'>",
        "<script src='//room.test/WIDGET.js'>",
        "<script src='//room.test'>",
        "<script src='//else.test/widget.js'>",
        "<script src='//room.test:8080/widget.js'>",
        "<script src='/widget.js'>",
        "<script src>",
        "<script data-src='//room.test/widget.js'>",
        "<script data-chatsso='off' src='//room.test/widget.js'>",
        "<script src='/x' src='//room.test/widget.js'>",
        "<script>'<script src=//room.test/widget.js>'",
        "<!-- <script src='//room.test/widget.js'> -->",
        "<textarea><script src='//room.test/widget.js'></textarea>",
        "<style><script src='//room.test/widget.js'></style>",
        "<p title='<script src=//room.test/widget.js>'>",
        "<svg><script src='//room.test/widget.js'></script></svg>",
        "<a href='//room.test/widget.js'>",
        "<link rel=preload as=script href='//room.test/widget.js'>",
        "</script src='//room.test/widget.js'>",
        "<script src='//room.test/widget.js'",
    ],
)
def test_whatever_else_there_is_stays(page: str) -> None:
    assert rewritten(page.encode(), EDITS) == page.encode()


def test_a_page_is_the_same_around_its_script() -> None:
    page = (
        b"<!DOCTYPE html>\r\n<html><head><title>x</title>\n<script  src='//room.test/widget.js' ></script>"
        b"</head>\n<body class=a>\xff &amp; <a href='//room.test/'>x</a></body></html>"
    )
    edited = rewritten(page, EDITS)
    assert edited.replace(b' data-code="T"', b"") == page
    assert edited.count(b"data-code") == 1


def test_values_are_escaped_for_the_attribute() -> None:
    hostile = "\"'><script>&amp;\u00e9\n"
    widget = ScriptAttributes(WIDGET.hosts, WIDGET.paths, (("data-code", hostile), ("data-more", "&")))
    for page in ("<script src='//room.test/widget.js'>", "<script data-code=x src=//room.test/widget.js>"):
        edited = rewritten(f"{page}</script>".encode(), PageEdits(scripts=(widget,)))
        assert edited.isascii()
        (script,) = html5lib.parse(edited, namespaceHTMLElements=False).iter("script")
        assert script.attrib == {
            "src": "//room.test/widget.js",
            "data-code": hostile,
            "data-more": "&",
        }


def test_each_chat_has_its_own_attributes_and_links_change_as_well() -> None:
    other = ScriptAttributes(frozenset({"other.test:8080"}), frozenset({"/a.js", "/b.js"}), (("x", "1"),))
    link = LinkEdit(
        frozenset({HOST}), AddParameters((("t", "1"),)), scripts=frozenset({"/embed.js", "/widget.js"})
    )
    edits = PageEdits(links=(link,), scripts=(WIDGET, other))
    page = (
        b"<script src=//other.test:8080/b.js></script><script src=//room.test/embed.js></script>"
        b"<script src=//room.test/widget.js></script><a href=//room.test/>"
    )
    assert rewritten(page, edits) == (
        b'<script src=//other.test:8080/b.js x="1"></script>'
        b'<script src="//room.test/embed.js?t=1"></script>'
        b'<script src="//room.test/widget.js?t=1" data-code="T"></script>'
        b'<a href="//room.test/?t=1">'
    )


def test_xhtml_is_read_by_the_rules_of_xml() -> None:
    page = (
        b'<html xmlns="http://www.w3.org/1999/xhtml"><head>'
        b'<script src="//room.test/widget.js" defer="defer"/>'
        b'<script src="//room.test/widget.js" data-code="old"></script>'
        b'<SCRIPT src="//room.test/widget.js"></SCRIPT>'
        b"</head><body/></html>"
    )
    edited = rewritten(page, IN_XML)
    scripts = [element for element in ET.fromstring(edited).iter() if "src" in element.attrib]
    assert [script.get("data-code") for script in scripts] == ["T", "T", None]


def test_edits_of_scripts_count_as_edits_and_show_no_token() -> None:
    secret = ScriptAttributes(WIDGET.hosts, WIDGET.paths, (("data-code", "s3cret"),))
    edits = PageEdits(scripts=(secret,))
    assert edits
    assert "s3cret" not in repr(edits)
    assert repr(secret) == "ScriptAttributes(data-code)"


PAGES = st.one_of(page_soup(), st.binary(max_size=200))
ALL = PageEdits(MARK, LINKS.links, (WIDGET,))


@pytest.mark.parametrize("edits", [EDITS, IN_XML, ALL], ids=["html", "xml", "with the rest"])
@settings(max_examples=150, deadline=None)
@given(page=PAGES, data=st.data())
def test_neither_chunks_nor_a_second_time_make_a_difference(
    edits: PageEdits, page: bytes, data: st.DataObject
) -> None:
    whole = rewrite(page, edits)
    assert in_chunks(page, edits, *range(1, len(page))) == whole
    cuts = sorted(data.draw(st.lists(st.integers(0, len(page)), max_size=6)))
    assert in_chunks(page, edits, *cuts) == whole
    without_mark = PageEdits(links=edits.links, scripts=edits.scripts, xml=edits.xml)
    once = rewrite(page, without_mark)
    assert rewrite(once, without_mark) == once


SCRIPT_TAGS = st.sampled_from(
    [
        "<script src='//room.test/widget.js'></script>",
        "<script data-code=old src=https://room.test/widget.js></script>",
        "<script src='//else.test/widget.js'></script>",
        "<script src='//room.test/other.js'>'<script src=//room.test/widget.js>'</script>",
        "<!-- <script src='//room.test/widget.js'></script> -->",
        "<textarea><script src='//room.test/widget.js'></script></textarea>",
        "<p title=\"<script src='//room.test/widget.js'>\">x</p>",
        "<style><script src='//room.test/widget.js'></script></style>",
        "<template><script src='//room.test/widget.js'></script></template>",
        "<div>text</div>",
        "a < b",
        "<table><tr><td><script src=//room.test/widget.js defer></script></td></tr></table>",
        "<svg><title><script src='//room.test/widget.js'></script></title></svg>",
        "<svg><script src='//room.test/widget.js'></script></svg>",
    ]
)
HTML_SCRIPT = "{http://www.w3.org/1999/xhtml}script"


@settings(max_examples=300, deadline=None)
@given(parts=st.lists(SCRIPT_TAGS, max_size=8))
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_html5lib_finds_the_attribute_on_the_chats_scripts_and_nowhere_else(parts: list[str]) -> None:
    edited = rewrite("".join(parts).encode(), EDITS)
    for element in html5lib.parse(edited).iter():
        if not isinstance(element.tag, str):
            continue
        source = element.get("src", "")
        ours = element.tag == HTML_SCRIPT and source.endswith("//room.test/widget.js")
        assert element.get("data-code") == ("T" if ours else None)
