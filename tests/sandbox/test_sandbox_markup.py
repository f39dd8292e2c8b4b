from __future__ import annotations

from xml.etree.ElementTree import tostring

from chatsso_middleware.sandbox.markup import Child, element, page


def written(*children: Child) -> str:
    return tostring(element("p", {}, *children), encoding="unicode", method="html")


def test_text_before_between_and_after_elements_keeps_its_place() -> None:
    assert written("a", "b", element("b", {}, "c"), "d", None, "e", element("br"), "", "f") == (
        "<p>ab<b>c</b>de<br>f</p>"
    )


def test_text_and_attributes_are_escaped() -> None:
    assert (
        written("<&>", element("a", {"title": '"<&>'}))
        == '<p>&lt;&amp;&gt;<a title="&quot;<&amp;&gt;"></a></p>'
    )


def test_a_page_marks_itself_in_the_navigation() -> None:
    document = page("T", base="/x", notice="N", navigation=[("/a", "A"), ("/b", "B")], current="/b").decode()
    assert '<a href="/x/a" target="_top">A</a>' in document
    assert '<a href="/x/b" target="_top" aria-current="page">B</a>' in document
    assert document.startswith('<!DOCTYPE html>\n<html lang="en">')
