"""The markup of a tag, as browsers read it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import html5lib
import jinja2
import pytest

from chatsso_middleware.page.markup import Markup, image_tag, script_tag

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


@pytest.mark.parametrize(
    "address",
    [
        "/chatsso/rocketchat/embed.js",
        "/app/chatsso/rocketchat/embed.js?a=1&copy=2",
        "/\"'><script>alert(1)</script>/embed.js",
        "/a&amp;b/</script>",
    ],
)
@pytest.mark.parametrize("xml", [False, True])
def test_a_script_waits_for_the_page_and_is_one_element_in_html_and_xml(address: str, xml: bool) -> None:
    if xml:
        (script,) = ET.fromstring(f"<p>{script_tag(address)}</p>")
    else:
        (script,) = html5lib.parseFragment(script_tag(address), namespaceHTMLElements=False)
    assert script.tag == "script"
    assert script.attrib == {"src": address, "defer": "defer"}
    assert not script.text
    assert len(script) == 0


def test_a_template_does_not_escape_markup_again() -> None:
    tag = Markup(image_tag(DOCUMENTED))
    template = jinja2.Environment(autoescape=True).from_string("{{ tag }}{{ text }}")
    assert template.render(tag=tag, text="<") == f"{tag}&lt;"


@pytest.mark.parametrize("xml", [False, True])
def test_a_script_is_read_alike_by_html_and_xml_with_its_attributes(xml: bool) -> None:
    hostile = "\"'><b>&amp;\u00e9"
    tag = script_tag("https://chat.example/widget.js?a=1&b=2", [("data-code", hostile), ("data-x", "")])
    assert tag.isascii()
    if xml:
        (script,) = ET.fromstring(f"<p>{tag}</p>")
    else:
        (script,) = html5lib.parseFragment(tag, namespaceHTMLElements=False)
    assert script.tag == "script"
    assert script.attrib == {
        "src": "https://chat.example/widget.js?a=1&b=2",
        "defer": "defer",
        "data-code": hostile,
        "data-x": "",
    }
