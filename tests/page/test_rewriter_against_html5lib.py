"""The rewriter beside html5lib, a parser that others wrote after the same Standard.

html5lib reads the generated page, before and after. What it calls a link must be what was edited, and it must
find the markup once, inside the body and not inside a template. It reads ``<noscript>`` in the way that it is
told. The pages are trees with nonsense in between. Where foreign content is open, end tags match: html5lib
follows an older edition of the Standard there, and `chatsso_middleware.page.elements` says more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsso_middleware.page.edits import AddParameters, LinkEdit, PageEdits
from chatsso_middleware.page.rewriter import rewrite

HTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
MARK = b'<img id="mark">'
LINK = LinkEdit(frozenset({"room.test"}), AddParameters((("token", "T"),)))
EDITS = PageEdits(MARK, (LINK,))
LINKED = {f"{HTML}a": "href", f"{SVG}a": "href", f"{HTML}area": "href", f"{HTML}iframe": "src"}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

LINKS = [
    "<a href='//room.test/#'>x</a>",
    '<A HREF="https://room.test/#">x</A>',
    "<a title='x>y' href=//room.test/#>x</a>",
    "<a/href='http://room.test:80/#'/>x</a>",
    "<area href='//room.test/#'>",
    "<iframe src='//room.test/#'></iframe>",
    "<a href='/x' href='//room.test/#'>x</a>",
    "<a data-href='//room.test/#'>x</a>",
    "<!-- <a href='//room.test/#'> -->",
]
NONSENSE = [
    *(
        "text",
        "a < b",
        "&amp;&#60;",
        "</3>",
        "</>",
        "<!x>",
        "<?p?>",
        "<!-->",
        "<!--->",
        "<!-- --!>",
        "<![CDATA[x>",
    ),
    *("</body x>", "</body>", "</html>", "</textarea>", "</noscript>", "\0", "\n", "<br/>", "<b><i></b></i>"),
    "<img alt='</body>'>",
]
BLOCKS = ["div", "section", "ul", "table", "p", "span", "b", "custom-x", "template", "object"]
RAW = ["script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript"]
RAW_CONTENT = ["", "text", "<p>", "</body>", "<!-- x -->", "</p>", "<b x='y'>", "a<b", *LINKS]
SCRIPT_CONTENT = [*RAW_CONTENT, "<!--", "-->", "<!--<script>", "</script", "<!-- <script> </script>"]


def raw_elements() -> st.SearchStrategy[str]:
    def element(name: str) -> st.SearchStrategy[str]:
        content = SCRIPT_CONTENT if name == "script" else RAW_CONTENT
        inside = st.lists(st.sampled_from([text for text in content if f"</{name}" not in text]), max_size=3)
        closing = "-->" if name == "script" else ""  # or the script would go on after its end tag
        return inside.map(lambda texts: f"<{name}>{''.join(texts)}{closing}</{name}>")

    return st.sampled_from(RAW).flatmap(element)


def foreign(html: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    shapes = st.sampled_from(
        ["<g>x</g>", "<path d='M0'/>", "<![CDATA[</svg>]]>", "<!-- > -->", "text", *LINKS[:3], LINKS[7]]
    )
    styles = st.sampled_from(
        ["<style><path/></style>", "<script>x<g></g></script>", "<font x>y</font>", "<textarea></textarea>"]
    )
    points = st.tuples(st.sampled_from(["foreignObject", "desc", "title"]), html).map(
        lambda p: f"<{p[0]}>{p[1]}</{p[0]}>"
    )
    svg = st.lists(st.one_of(shapes, styles, points), max_size=4).map(
        lambda parts: f"<svg>{''.join(parts)}</svg>"
    )
    in_math = st.tuples(st.sampled_from(["mi", "mtext", "annotation-xml encoding='text/html'"]), html).map(
        lambda p: f"<{p[0]}>{p[1]}</{p[0].split()[0]}>"
    )
    others = st.sampled_from(
        ["<mrow>x</mrow>", "<![CDATA[</math>]]>", "<annotation-xml><x></x></annotation-xml>", LINKS[0]]
    )
    math = st.lists(st.one_of(in_math, others), max_size=3).map(
        lambda parts: f"<math>{''.join(parts)}</math>"
    )
    return st.one_of(svg, math)


def row(*strategies: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.one_of(*strategies), max_size=4).map("".join)


def block(content: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(st.sampled_from(BLOCKS), content).map(lambda part: f"<{part[0]}>{part[1]}</{part[0]}>")


# Inside foreign content HTML is well-formed, so that the rest of the page is the same to both.
well_formed = row(
    st.sampled_from(
        [
            "text",
            "<b>x</b>",
            "<div>x<br></div>",
            "<!-- x -->",
            "<textarea></body></textarea>",
            LINKS[0],
            LINKS[5],
        ]
    )
)
pages = st.recursive(
    row(st.sampled_from(LINKS), st.sampled_from(NONSENSE), raw_elements()),
    lambda content: row(block(content), foreign(well_formed), content, raw_elements()),
    max_leaves=12,
)
heads = st.sampled_from(
    ["", "<!DOCTYPE html>", "<html><head><title></body></title></head><body>", "<body class='</body>'>"]
)


def elements(page: str, *, scripting: bool) -> Iterator[Element]:
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"))
    root: Element = parser.parse(page, scripting=scripting)
    return (element for element in root.iter() if isinstance(element.tag, str))


def links_of(page: str) -> dict[str, bool]:
    """The numbers of the links in `page`, and whether each is edited."""
    links = {}
    for element in elements(page, scripting=False):
        value = element.get(LINKED.get(str(element.tag), ""), "")
        if number := re.search(r"//room\.test(?::80)?/(n\d+)(\?token=T)?$", value):
            links[number[1]] = number[2] is not None
    return links


def numbered(page: str) -> str:
    numbers = iter(range(10_000))
    return re.sub(r"/#", lambda _: f"/n{next(numbers)}", page)


@settings(max_examples=400, deadline=None)
@given(
    head=heads, body=pages, end=st.sampled_from(["", "</body></html>", "</body>text<a href='//room.test/#'>"])
)
def test_links_are_what_html5lib_calls_links(head: str, body: str, end: str) -> None:
    page = numbered(head + body + end)
    edited = rewrite(page.encode(), EDITS).decode()
    links = links_of(page)
    assert links_of(edited) == dict.fromkeys(links, True)
    assert set(re.findall(r"(n\d+)\?token=T", edited)) == set(links)


@settings(max_examples=400, deadline=None)
@given(head=heads, body=pages, end=st.sampled_from(["", "</body></html>", "</body></body>text"]))
def test_html5lib_finds_the_markup_in_the_body(head: str, body: str, end: str) -> None:
    edited = rewrite((head + body + end).encode(), PageEdits(MARK)).decode()
    assert edited.count(MARK.decode()) == 1
    found = [element for element in elements(edited, scripting=True) if element.get("id") == "mark"]
    assert [element.tag for element in found] == [f"{HTML}img"]
    body_element = next(
        element for element in elements(edited, scripting=True) if element.tag == f"{HTML}body"
    )
    assert [element for element in body_element.iter() if element.get("id") == "mark"]
    for template in body_element.iter(f"{HTML}template"):
        assert not [element for element in template.iter() if element.get("id") == "mark"]
