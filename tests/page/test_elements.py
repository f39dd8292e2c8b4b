"""Where SVG and MathML begin and end (13.2.6.5), seen in what is read by which rules.

After each beginning below comes a ``<style>`` with a link in it. By the rules of HTML that is text. In
foreign content it is an element like any other, and the link in it is one, too, if it is an SVG link.
"""

from __future__ import annotations

import pytest

from tests.page.rewritten import MARK, PLACE, links_edited, rewritten

PROBE = "<style><a href='//room.test/'></a></style>"


def reads_as_svg(beginning: str) -> bool:
    edited = links_edited(f"{beginning}{PROBE}".encode())
    assert edited in (
        f"{beginning}{PROBE}".encode(),
        f"{beginning}{PROBE}".replace("test/", "test/?+").encode(),
    )
    return b"?+" in edited


@pytest.mark.parametrize(
    "beginning",
    [
        "<svg>",
        "<SVG viewBox='0 0 1 1'>",
        "<svg><g/>",
        "<svg><svg></svg>",
        "<svg><g></g>",
        "<svg><g></G>",
        "<svg></x>",
        "<svg><g></path></x></g>",
        "<svg><title></title>",
        "<svg><title>text</title>",
        "<svg><foreignObject></foreignObject>",
        "<svg><foreignObject><div></div></foreignObject>",
        "<svg><foreignObject><div><b><br><img></div></foreignObject>",
        "<svg><foreignObject><table><tr><td></table></foreignObject>",
        "<svg><foreignObject><svg>",
        "<svg><foreignObject><svg><g></div>",
        "<svg><foreignObject><svg></svg></foreignObject>",
        "<svg><foreignObject><textarea></foreignObject></textarea></foreignObject>",
        "<svg><foreignObject><template></div></template></foreignObject>",
        "<svg><font>",
        "<svg><font size-2=1>",
        "<svg><template>",
        "<svg><script/>",
        "<svg><textarea>",
        "<svg><plaintext>",
        "<svg><noscript>",
        "<svg><frameset>",
        "<svg></svg/><svg>",
        "<svg></section></svg><svg>",
        "<svg a=b/>",
        "<math><annotation-xml><svg>",
        "<math><mi><svg>",
        "<template><svg>",
        "<svg></foreignObject>",
        "<p><svg></title>",
    ],
)
def test_svg_is_read_as_such(beginning: str) -> None:
    assert reads_as_svg(beginning)


@pytest.mark.parametrize(
    "beginning",
    [
        "<svg/>",
        "<svg a='b'/>",
        "<svg></svg>",
        "<svg></SVG >",
        "<svg><g></svg>",
        "<svg><g><path></svg>",
        "<svg><rect/><title>t</title><style>s</style></svg>",
        "<svg><div>",
        "<svg><g><P>",
        "<svg></p>",
        "<svg></br>",
        "<svg><font color=red>",
        "<svg><font FACE>",
        "<svg><foreignObject>",
        "<svg><foreignObject></div>",
        "<svg><foreignObject></p>",
        "<svg><foreignObject><p></foreignObject>",
        "<svg><foreignObject><path/></foreignObject>",
        "<svg><foreignObject><div><svg><g></div>",
        "<svg><foreignObject><div><svg><g><p>",
        "<svg><title>",
        "<svg><desc><b>",
        "<math><mi>",
        "<math><annotation-xml encoding='text/html'>",
        "<math><annotation-xml encoding=APPLICATION/XHTML+XML>",
        "<math><mtext><b></b>",
        "<div><svg></div>",
        "<div><svg><g></section>",
        "<template><svg></template>",
        "<template><svg></div>",
        "</svg>",
        "<svgs>",
    ],
)
def test_html_is_read_as_such(beginning: str) -> None:
    assert not reads_as_svg(beginning)


@pytest.mark.parametrize(
    "beginning",
    [
        "<math>",
        "<math><mrow>",
        "<math><svg>",
        "<math><mi></mi>",
        "<math><mi><mglyph>",
        "<math><mtext><malignmark>",
        "<math><annotation-xml>",
        "<math><annotation-xml encoding='image/svg+xml'>",
        "<math><annotation-xml encoding>",
        "<math><annotation-xml><x>",
    ],
)
def test_mathml_is_neither(beginning: str) -> None:
    """A style is no text there, for the drawing in it is found; and its links lead nowhere."""
    page = f"{beginning}<style><a href='//room.test/1'></a></style></math></math><p><a href='//room.test/2'>"
    assert links_edited(page.encode()) == page.replace("/2", "/2?+").encode()
    hidden = f"{beginning}<style></math></math><p><a href='//room.test/'></style>"
    assert links_edited(hidden.encode()) == hidden.replace("test/", "test/?+").encode()


@pytest.mark.parametrize(
    ("page", "cdata"),
    [
        ("<svg><![CDATA[ > <a href='//room.test/'> ]]>", True),
        ("<math><![CDATA[ > <a href='//room.test/'> ]]>", True),
        ("<svg><foreignObject><![CDATA[ > <a href='//room.test/'> ]]>", True),
        ("<svg><foreignObject><b><![CDATA[ > <a href='//room.test/'> ]]>", False),
        ("<svg></svg><![CDATA[ > <a href='//room.test/'> ]]>", False),
        ("<svg><![cdata[ > <a href='//room.test/'> ]]>", False),
    ],
)
def test_cdata_sections_are_found_in_foreign_content_alone(page: str, *, cdata: bool) -> None:
    assert (links_edited(page.encode()) == page.encode()) is cdata


def test_the_body_ends_after_a_drawing_that_was_not_closed_and_that_html_ended() -> None:
    page = b"<body><svg><path><div></div>|</body>"
    assert rewritten(page.replace(b"|", b""), PLACE) == page.replace(b"|", MARK)


def test_the_rules_of_a_drawing_in_the_midst_of_a_tag_hold_after_it() -> None:
    page = b"<svg><g fill='red' /><g title='>'></g></svg><style><a href='//room.test/'></style>"
    assert links_edited(page) == page
