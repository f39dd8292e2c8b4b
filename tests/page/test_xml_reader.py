"""The rules of XML, where they differ from those of HTML. ``|`` is the place of the markup."""

from __future__ import annotations

import dataclasses

import pytest

from chatsso_middleware.page.edits import AddParameters, LinkEdit, PageEdits, ThroughGateway
from chatsso_middleware.page.reader import LONGEST_TAG
from tests.page.rewritten import BOTH, GATEWAY, HOST, LINKS, MARK, TOKEN, in_chunks, rewritten

XML = dataclasses.replace(BOTH, xml=True)
XML_LINKS = dataclasses.replace(LINKS, xml=True)
XML_PLACE = PageEdits(MARK, xml=True)
SUBSET = "<!DOCTYPE html [ <!-- ' ]> --> <?x ]>' ?> <!ENTITY a ']><body></body>'> <!ENTITY b \"]>\"> ] >"


def assert_placed(page: str) -> None:
    expected = page.encode().replace(b"|", MARK)
    assert rewritten(page.replace("|", "").encode(), XML) == expected
    assert rewritten(page.replace("|", "").encode(), XML_PLACE) == expected


@pytest.mark.parametrize(
    "page",
    [
        "<html><body>|</body></html>",
        "<html><body>|</body\n></html>",
        "<?xml version='1.0'?><!DOCTYPE html><html><head/><body><p/>|</body></html>",
        "<?x <html><body></body></html> ?><html><body>|</body></html>",
        "<html><!-- </body> --!> </body> --><body>|</body></html>",
        "<html><body><!--> </body> -->|</body></html>",
        "<html><body><![CDATA[</body>]]>|</body></html>",
        "<html><body title='</body>'>|</body></html>",
        "<html><head><template><body></body></template></head><body>|</body></html>",
        "<html><body><svg><foreignObject><body></body></foreignObject></svg>|</body></html>",
        "<html><head><title/><style/><script/><textarea/></head><body>|</body></html>",
        "<html><head><script>a</script></head><body><title><b/></title>|</body></html>",
        "<html><head></head><BODY></BODY><body>|</body></html>",
        "<html><head x='/'></head><body>|</body></html>",
        f"{SUBSET}<html><body>|</body></html>",
        "<!DOCTYPE html PUBLIC '[\"' \"']>\"><html><body>|</body></html>",
        "<html><body>a < b < <= |</body></html>",
        "<html><body><!x>|</body></html>",
    ],
)
def test_the_markup_goes_before_the_end_tag_of_the_body(page: str) -> None:
    assert_placed(page)


@pytest.mark.parametrize(
    "page",
    [
        "",
        "text",
        "<html><p/></html>",
        "<html><frameset></frameset></html>",
        "<html><body>",
        "<html><body></body",
        "<html><body><p title='</body>",
        "<html><body><!-- </body> --",
        "<html><body><![CDATA[ </body> ]",
        "<html><body><?x </body> ?",
        "<!DOCTYPE html [ <html><body></body>",
        "<html><body><",
        "<html><body></",
        "<html><body><!DOC",
        "<html><BODY></BODY></html>",
        "<html><x:body></x:body></html>",
        "<html><body/></body></html>",
    ],
)
def test_without_a_body_that_ends_there_is_no_markup_for_it_would_be_an_error(page: str) -> None:
    assert rewritten(page.encode(), XML) == page.encode()


def test_links_are_edited_wherever_a_tag_is_one() -> None:
    page = (
        "<html><body><script><a href='//room.test/1'/></script><title><a href=\"//room.test/2\">x</a></title>"
        "<A href='//room.test/'/><a HREF='//room.test/'/><!--<a href='//room.test/'/>-->"
        "<?x <a href='//room.test/'/>?>"
        "<![CDATA[<a href='//room.test/'/>]]><a href='//room.test/' data-chatsso='off'/></body>"
        "<a href='//room.test/3'/></html>"
    )
    expected = page
    for number in "123":
        expected = expected.replace(f"test/{number}", f"test/{number}?access_token=T&amp;rememberMe=0")
    assert rewritten(page.encode(), XML_LINKS) == expected.encode()


def test_the_hidden_fields_of_a_form_are_empty_elements() -> None:
    assert rewritten(b"<form action='//room.test/'></form>", XML_LINKS) == (
        b"<form action='//room.test/' data-chatsso=\"done\">"
        b'<input type="hidden" name="access_token" value="T" />'
        b'<input type="hidden" name="rememberMe" value="0" /></form>'
    )


@pytest.mark.parametrize("change", [TOKEN, GATEWAY])
def test_a_form_without_content_stays(change: AddParameters | ThroughGateway) -> None:
    link = dataclasses.replace(LINKS.links[0], change=change)
    page = b"<form action='//room.test/' />"
    assert rewritten(page, PageEdits(links=(link,), xml=True)) == page


def test_a_form_through_the_gateway_is_well_formed() -> None:
    edits = PageEdits(links=(LinkEdit(frozenset({HOST}), GATEWAY),), xml=True)
    assert rewritten(b"<form action='//room.test/?a&amp;b'></form>", edits) == (
        b"<form action='/chatsso/go'>"
        b'<input type="hidden" name="to" value="/?a&amp;b" />'
        b'<input type="hidden" name="provider" value="website_toolbox" /></form>'
    )


@pytest.mark.parametrize(
    "cuts", [(), (30,), (LONGEST_TAG,), (LONGEST_TAG + 1, LONGEST_TAG + 9), (70_000, 70_001)]
)
def test_a_link_longer_than_the_longest_tag_stays_and_the_next_is_edited(cuts: tuple[int, ...]) -> None:
    long = b"<a title='" + b"x" * LONGEST_TAG + b"' href='//room.test/1' />"
    page = b"<html><body>" + long + b"<a href='//room.test/2'/></body></html>"
    expected = page.replace(b"/2", b"/2?access_token=T&amp;rememberMe=0").replace(
        b"</body>", MARK + b"</body>"
    )
    assert in_chunks(page, XML, *cuts) == expected


@pytest.mark.parametrize("cuts", [(), (20,), (LONGEST_TAG,), (70_000, 70_001)])
def test_after_a_doctype_longer_than_the_longest_tag_the_page_stays(cuts: tuple[int, ...]) -> None:
    page = b"<!DOCTYPE html [" + b" " * LONGEST_TAG + b"]><html><body><a href='//room.test/'/></body></html>"
    assert in_chunks(page, XML, *cuts) == page


@pytest.mark.parametrize("cuts", [(), (20,), (LONGEST_TAG,), (70_000, 70_001)])
def test_a_name_longer_than_the_longest_tag_is_not_read(cuts: tuple[int, ...]) -> None:
    page = b"<html><" + b"x" * (LONGEST_TAG + 9) + b"/><a href='//room.test/'/></html>"
    assert in_chunks(page, XML_LINKS, *cuts) == page.replace(
        b"test/", b"test/?access_token=T&amp;rememberMe=0"
    )
