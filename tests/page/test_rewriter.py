"""Where the markup for the end of the body goes. ``|`` in a page below is the place."""

from __future__ import annotations

import pytest

from chatsso_middleware.page.edits import PageEdits
from chatsso_middleware.page.reader import LONGEST_TAG
from chatsso_middleware.page.rewriter import Rewriter, rewrite
from tests.page.rewritten import BOTH, LINKS, MARK, PLACE, in_chunks, rewritten


def assert_placed(page: str, edits: PageEdits = PLACE) -> None:
    assert rewritten(page.replace("|", "").encode(), edits) == page.encode().replace(b"|", MARK)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("<html><body><p>text</p>|</body></html>", id="before the end tag"),
        pytest.param("<body>|</BODY>", id="in any case"),
        pytest.param('<body>|</body class="</body>" >', id="an end tag with attributes"),
        pytest.param("<body>|</body/></body>", id="an end tag with a slash"),
        pytest.param("<body>|</body\n></body>", id="once, before the first"),
        pytest.param("<body>|</body><p></body></html>", id="once, though the body goes on"),
        pytest.param("</bodyguard><body></ body>|</body>", id="not before names that only begin so"),
        pytest.param("<html><head></head>|</body>", id="without a start tag"),
        pytest.param("<table><tr><td>|</body>", id="in a table that is not closed"),
    ],
)
def test_the_markup_goes_before_the_end_tag_of_the_body(page: str) -> None:
    assert_placed(page)
    assert_placed(page, BOTH)


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param("<!-- </body> -->", id="comment"),
        pytest.param("<!--> <!-- </body> -->", id="comment after an abruptly closed one (13.2.5.43)"),
        pytest.param("<!---> <!-- </body> -->", id="comment after an abruptly closed one (13.2.5.44)"),
        pytest.param("<!--!> </body> -->", id="comment that an exclamation mark does not open"),
        pytest.param("<!---!> </body> -->", id="comment that a dash and an exclamation mark do not open"),
        pytest.param("<!-- --!x </body> --!>", id="comment that ends with an exclamation mark (13.2.5.52)"),
        pytest.param("<!-- --!-- </body> -->", id="comment end bang state, again"),
        pytest.param("<!-- -- > </body> --->", id="comment with more dashes"),
        pytest.param("<!-- <!-- </body> -->", id="comment within a comment (13.2.5.46)"),
        pytest.param("<!x </body", id="bogus comment"),
        pytest.param("<!- </body", id="bogus comment of one dash"),
        pytest.param("<!DOCTYPE html SYSTEM 'x' </body", id="doctype"),
        pytest.param("<?php </body", id="question mark"),
        pytest.param("</3 </body", id="end tag open state"),
        pytest.param("<![CDATA[ </body", id="CDATA in HTML is a bogus comment"),
        pytest.param("<script></body></script>", id="script"),
        pytest.param("<script/></body></script>", id="script is never self-closing"),
        pytest.param("<SCRIPT async></body></Script >", id="script in any case"),
        pytest.param("<script></scripted></body></script>", id="script past a longer name"),
        pytest.param("<script><!-- </body></script>", id="escaped script ends"),
        pytest.param("<script><!--><script></body></script>", id="script that was escaped for an instant"),
        pytest.param("<script><!--- --><script></body></script>", id="script, escaped no more"),
        pytest.param("<script><!--<script></script></body></script>", id="double escaped script"),
        pytest.param("<script><!--<SCRIPT/></script\n></body></script>", id="double escaped, in any case"),
        pytest.param("<script><!--<script>--><script></body></script>", id="double escaped, escaped no more"),
        pytest.param("<script><!--<scripted></body></script>", id="escaped script past a longer name"),
        pytest.param("<script><!--<script></script></body></script\f>", id="form feed after the name"),
        pytest.param("<script>if (a<b) {}</body></script>", id="script that compares"),
        pytest.param("<style></body></style>", id="style"),
        pytest.param("<style></stylex></body></STYLE\t>", id="style past a longer name"),
        pytest.param("<textarea></body></textarea>", id="textarea"),
        pytest.param("<title></body><!-- </title>", id="title, in which no comment begins"),
        pytest.param("<xmp></body></xmp>", id="xmp"),
        pytest.param("<iframe></body></iframe>", id="iframe"),
        pytest.param("<noembed></body></noembed>", id="noembed"),
        pytest.param("<noframes></body></noframes>", id="noframes"),
        pytest.param("<noscript></body></noscript>", id="noscript"),
        pytest.param("<noscript><!-- </noscript>", id="noscript, in which no comment begins"),
        pytest.param("<noscript><div title='</noscript>", id="noscript that ends within a tag"),
        pytest.param("<noscript><textarea></noscript>", id="noscript that ends within a raw text element"),
        pytest.param("<noscript><svg><template></body></noscript>", id="noscript that leaves nothing open"),
        pytest.param("<noscript></body><noscript></noscripts></NoScript\n>", id="noscript, in any case"),
        pytest.param("<template></body></template>", id="template"),
        pytest.param("<template><template></template></body></template>", id="template in a template"),
        pytest.param("<template><svg></body></template>", id="template that ends an open drawing"),
        pytest.param("<template><svg></svg></body></template>", id="template with a drawing"),
        pytest.param("<div title='</body>'>", id="value in single quotes"),
        pytest.param('<div title="</body>">', id="value in double quotes"),
        pytest.param('<div title = "</body>" x>', id="value after white space"),
        pytest.param('<div/title="</body>"/>', id="attribute after a slash"),
        pytest.param("<div =</body", id="attribute that begins with an equals sign (13.2.5.32)"),
        pytest.param("<div a=b'</body", id="value without quotes"),
        pytest.param("<div </body", id="attribute name"),
        pytest.param("</p title='</body>'>", id="value in an end tag"),
        pytest.param("<svg><text></body></text></svg>", id="SVG"),
        pytest.param("<svg><![CDATA[</body> ]> </p> ]]]></svg>", id="CDATA in SVG"),
        pytest.param("<svg><!x></body><?y></svg>", id="bogus comments in SVG"),
        pytest.param("<svg><!-- </svg></body> --></svg>", id="comment in SVG"),
        pytest.param("<svg><foreignObject><p></p></body></foreignObject></svg>", id="foreignObject"),
        pytest.param("<math><mtext></body></mtext></math>", id="MathML"),
    ],
)
def test_what_only_looks_like_the_end_of_the_body_is_passed_over(hidden: str) -> None:
    closing = ">" if hidden.endswith("</body") else ""
    assert_placed(f"<html><body>{hidden}{closing}|</body></html>")


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("|", id="nothing at all"),
        pytest.param("text|", id="text"),
        pytest.param("<p>text</p>|", id="a fragment"),
        pytest.param("<body><script></script>|", id="a body that is not closed"),
        pytest.param("<body>a|<", id="a lone less-than sign"),
        pytest.param("<body>a|</", id="the beginning of an end tag"),
        pytest.param("<body>a|</body", id="the beginning of the end tag"),
        pytest.param("<body>a|<div", id="the name of a tag"),
        pytest.param("<body>a|<!-", id="the beginning of a comment"),
        pytest.param("<body>a|<!--", id="the opening of a comment"),
        pytest.param("<body><svg><g>|", id="a drawing that is not closed, which an image ends"),
        pytest.param("<body><svg>|<![CDA", id="the beginning of a CDATA section"),
        pytest.param("<body><svg><foreignObject><p></body>|", id="inside an integration point"),
        pytest.param("</template></noscript></textarea>|", id="after end tags without a start"),
    ],
)
def test_a_page_without_an_end_tag_of_the_body_gets_the_markup_at_its_end(page: str) -> None:
    assert_placed(page)


@pytest.mark.parametrize(
    "page",
    [
        "<body><!-- x",
        "<body><!-- x --!",
        "<body><!x",
        "<body><?x",
        "<body></3",
        "<body><div ",
        "<body><div class",
        "<body><div class=",
        "<body><div class='</body>",
        '<body><div class="x',
        "<body><div /",
        "<body></div x",
        "<body><script>",
        "<body><script><!-- ",
        "<body><script><!--<script></script>",
        "<body><script></scrip",
        "<body><style></style",
        "<body><title>",
        "<body><noscript></body>",
        "<body><noscript>",
        "<body><template></body>",
        "<body><plaintext></plaintext></body>",
        "<body><svg><![CDATA[ </body>",
        "<body><svg><![CDATA[ ]]",
    ],
)
def test_a_page_that_ends_where_markup_would_be_swallowed_gets_none(page: str) -> None:
    assert rewritten(page.encode(), PLACE) == page.encode()
    rewriter = Rewriter(PLACE)
    rewriter.feed(page.encode())
    rewriter.close()
    assert not rewriter.placed


def test_an_unfinished_link_at_the_end_of_the_page_has_the_markup_before_it() -> None:
    assert rewritten(b"<body><a href='//room.test", BOTH) == b"<body>" + MARK + b"<a href='//room.test"


@pytest.mark.parametrize(
    "page",
    [
        "<frameset><frame></frameset></body>",
        "\ufeff<!DOCTYPE html><html><head><title>x</title><meta charset=utf-8></head>\n<FRAMESET cols='1,2'>",
        "<html>\x00<frameset></body>",
        "<html><div><p></p></div><noframes>text</noframes><frameset></body>",
        "<svg> <g/> </svg><frameset></body>",
        "<script src='x'></script ><frameset><a href='//room.test/'></body>",
    ],
)
def test_a_page_of_frames_stays_as_it_is(page: str) -> None:
    assert rewritten(page.encode(), BOTH) == page.encode()


@pytest.mark.parametrize(
    "page",
    [
        "<body><frameset>|</body>",
        "text<frameset>|</body>",
        "<svg>text</svg><frameset>|</body>",
        "<br><frameset>|</body>",
        "<textarea></textarea><frameset>|</body>",
        "<template><frameset></template>|</body>",
        "<html><head></head><framesets>|</body>",
    ],
)
def test_a_frameset_that_a_browser_ignores_changes_nothing(page: str) -> None:
    assert_placed(page)


def test_links_after_the_markup_are_still_edited() -> None:
    page = b"<body>x</body><a href='//room.test/'>"
    assert rewritten(page, BOTH) == (
        b"<body>x" + MARK + b"</body><a href='//room.test/?access_token=T&amp;rememberMe=0'>"
    )


def test_links_alone_place_no_markup() -> None:
    assert rewritten(b"<body></body>", LINKS) == b"<body></body>"


@pytest.mark.parametrize("edits", [PageEdits(), LINKS])
def test_a_page_in_which_nothing_changes_is_the_same_object(edits: PageEdits) -> None:
    page = b"<body><a href='/'>x</a><a href='//room"
    assert rewrite(page, edits) is page


def test_a_chunk_in_which_nothing_changes_is_the_same_object() -> None:
    rewriter = Rewriter(BOTH)
    chunk = b"<body><p>text"
    assert rewriter.feed(chunk) is chunk


def test_it_is_known_whether_the_markup_was_placed() -> None:
    rewriter = Rewriter(PLACE)
    rewriter.feed(b"<body>")
    assert not rewriter.placed
    rewriter.feed(b"</body>")
    assert rewriter.placed


def test_a_held_token_comes_out_when_the_page_ends() -> None:
    rewriter = Rewriter(LINKS)
    assert rewriter.feed(b"text<a href='") == b"text"
    assert rewriter.feed(b"") == b""
    assert rewriter.feed(b"x") == b""
    assert rewriter.close() == b"<a href='x"
    assert rewriter.close() == b""


def test_no_more_is_held_than_a_longest_tag_and_a_chunk() -> None:
    rewriter = Rewriter(LINKS)
    out = rewriter.feed(b"<a title='")
    for _ in range(40):
        out += rewriter.feed(b"x" * 5000)
    assert len(out) > 40 * 5000 - 2 * LONGEST_TAG


@pytest.mark.parametrize(
    "cuts", [(), (10,), (LONGEST_TAG - 1,), (LONGEST_TAG, LONGEST_TAG + 1), (70_000, 70_001)]
)
def test_a_link_longer_than_the_longest_tag_stays_and_the_next_is_edited(cuts: tuple[int, ...]) -> None:
    page = b"<a title='" + b"x" * LONGEST_TAG + b"' href=//room.test/1><a href='//room.test/2'>"
    out = in_chunks(page, LINKS, *cuts)
    assert out == page.replace(b"/2", b"/2?access_token=T&amp;rememberMe=0")


@pytest.mark.parametrize(
    "cuts", [(), (10,), (LONGEST_TAG,), (LONGEST_TAG + 1, LONGEST_TAG + 2), (70_000, 70_005)]
)
@pytest.mark.parametrize("slash", [b"", b"/"])
def test_a_name_longer_than_the_longest_tag_opens_and_closes_an_element_all_the_same(
    slash: bytes, cuts: tuple[int, ...]
) -> None:
    name = b"g" * (LONGEST_TAG + 10)
    page = (
        b"<svg><" + slash + name + b"></svg><style><a href='//room.test/1'></style><a href='//room.test/2'>"
    )
    assert in_chunks(page, LINKS, *cuts) == page.replace(b"/2", b"/2?access_token=T&amp;rememberMe=0")


def test_a_value_of_a_megabyte_is_passed_on_while_it_comes() -> None:
    rewriter = Rewriter(PLACE)
    assert rewriter.feed(b"<img src='data:,") == b"<img src='data:,"
    piece = b"A" * 100_000
    for _ in range(10):
        assert rewriter.feed(piece) is piece
    assert rewriter.feed(b"'></body>") + rewriter.close() == b"'>" + MARK + b"</body>"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "latin-1", "windows-1252", "koi8-r", "shift_jis", "big5", "gb18030"]
)
def test_every_charset_that_is_a_superset_of_ascii_comes_out_as_it_came(encoding: str) -> None:
    text = "caf\u00e9 \u0416 \u8868 \u30bd".encode(encoding, "ignore")
    page = b"<body><p title='" + text + b"'>" + text + b"</body>"
    assert rewritten(page, PLACE) == page.replace(b"</body>", MARK + b"</body>")


def test_bytes_that_are_no_text_at_all_are_kept() -> None:
    page = bytes(range(256)) * 2
    assert rewrite(page, PLACE).replace(MARK, b"") == page
