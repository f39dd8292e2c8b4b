"""The markup of a tag, as browsers read it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import html5lib
import jinja2
import pytest

from chatsso_middleware.page.markup import Markup, image_tag

DOCUMENTED = "//CLIENT.discussionchatroom.com/sso/token/login?access_token=T&rememberMe=0"


def test_the_tag_stands_as_the_vendor_documents_it() -> None:
    assert image_tag(DOCUMENTED) == f'<img border="0" width="1" height="1" alt="" src="{DOCUMENTED}">'


@pytest.mark.parametrize(
    "address",
    [
        DOCUMENTED,
        "/chatsso/website_toolbox/login.gif?event=a-b_c",
        '//room.example/"><script>alert(1)</script>?a=1&copy=2&lt=3&reg=4',
        "//room.example/'?a=<b>&c='",
    ],
)
@pytest.mark.parametrize("xml", [False, True])
def test_a_browser_reads_the_address_out_of_it_and_one_element_alone(address: str, xml: bool) -> None:
    tag = image_tag(address, xml=xml)
    if xml:
        (image,) = ET.fromstring(f"<p>{tag}</p>")
    else:
        (image,) = html5lib.parseFragment(tag, namespaceHTMLElements=False)
    assert image.tag == "img"
    assert image.attrib == {"border": "0", "width": "1", "height": "1", "alt": "", "src": address}
    assert len(image) == 0


def test_a_template_does_not_escape_markup_again() -> None:
    tag = Markup(image_tag(DOCUMENTED))
    template = jinja2.Environment(autoescape=True).from_string("{{ tag }}{{ text }}")
    assert template.render(tag=tag, text="<") == f"{tag}&lt;"
