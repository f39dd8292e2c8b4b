"""Which answers are pages, and what is asked of the host for them."""

from __future__ import annotations

from typing import Any

import pytest

from chatsso_middleware.page.eligibility import Page, asks_for_page, page_of, prepare_request

HTML = ("Content-Type", "text/html; charset=utf-8")
WHOLE = Page(tags=True, xml=False)
LINKS_ALONE = Page(tags=False, xml=False)
NAVIGATION = {"HTTP_SEC_FETCH_DEST": "document", "HTTP_ACCEPT": "text/html,*/*;q=0.8"}


def page(
    *headers: tuple[str, str], status: str = "200 OK", method: str = "GET", **environ: str
) -> Page | None:
    return page_of(environ, method, status, headers)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("text/html", WHOLE),
        ("TEXT/HTML", WHOLE),
        (" text/html ;charset=utf-8", WHOLE),
        ("text/html;", WHOLE),
        ("text/html; charset=", WHOLE),
        ('Text/Html; Charset="UTF-8"', WHOLE),
        ("text/html; version=1; charset = windows-1252", WHOLE),
        ("text/html; charset=Shift_JIS", WHOLE),
        ("text/html; charset=gb18030", WHOLE),
        ("text/html; charset=unicode-1-1-utf-8", WHOLE),
        ("application/xhtml+xml", Page(tags=True, xml=True)),
        ("application/XHTML+XML;charset=utf-8", Page(tags=True, xml=True)),
        ("application/json", None),
        ("text/event-stream", None),
        ("text/plain", None),
        ("text/htmlx", None),
        ("text/html charset=utf-8", None),
        ("application/xml", None),
        ("image/svg+xml", None),
        ("multipart/x-mixed-replace; boundary=text/html", None),
        ("", None),
    ],
)
def test_a_page_is_what_a_browser_reads_as_html(content_type: str, expected: Page | None) -> None:
    assert page(("content-type", content_type)) == expected


@pytest.mark.parametrize(
    "charset",
    [
        "utf-16",
        "UTF-16LE",
        "utf-16be",
        "utf16",
        '"utf-16"',
        "' utf-16 '",
        "utf-32",
        "UTF32BE",
        "utf-7",
        "utf7",
        "iso-2022-jp",
        "ISO-2022-KR",
        "iso2022jp",
        "csISO2022JP",
        "hz-gb-2312",
        "ucs-2",
        "unicode",
        "csunicode",
        "unicodeFFFE",
        "ISO-10646-UCS-2",
    ],
)
def test_a_charset_in_which_ascii_bytes_mean_something_else_is_left_alone(charset: str) -> None:
    assert page(("Content-Type", f"text/html; a=b; Charset={charset}; charset=utf-8")) is None


def test_an_answer_without_a_content_type_is_no_page() -> None:
    assert page(("Content-Length", "3")) is None


@pytest.mark.parametrize(
    "header",
    [
        ("Content-Range", "bytes 0-1/2"),
        ("Content-Encoding", "gzip"),
        ("content-encoding", " BR "),
        ("Content-Encoding", "identity, gzip"),
        ("Content-Disposition", "attachment"),
        ("content-disposition", ' ATTACHMENT; filename="page.html"'),
        ("Cache-Control", "no-transform"),
        ("cache-control", "public, No-Transform"),
    ],
)
def test_some_headers_say_that_the_body_stays_as_it_is(header: tuple[str, str]) -> None:
    assert page(HTML, header) is None
    assert page(header, HTML) is None


@pytest.mark.parametrize(
    "header",
    [
        ("Content-Encoding", "identity"),
        ("Content-Encoding", ""),
        ("Content-Disposition", "inline; filename=attachment.html"),
        ("Cache-Control", "no-store"),
        ("X-Content-Range", "bytes"),
    ],
)
def test_others_do_not(header: tuple[str, str]) -> None:
    assert page(HTML, header) == WHOLE


@pytest.mark.parametrize("status", ["100 Continue", "103 Early Hints", "204 x", "205 x", "206 x", "304 x"])
def test_answers_without_a_document_are_no_pages(status: str) -> None:
    assert page(HTML, status=status) is None


@pytest.mark.parametrize("status", ["201 x", "301 x", "401 x", "404 x", "500 x", "503"])
def test_links_change_under_every_other_status_and_tags_stand_under_200_alone(status: str) -> None:
    assert page(HTML, status=status) == LINKS_ALONE
    assert page(HTML, status="200") == WHOLE


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_tags_stand_in_answers_to_get_alone(method: str) -> None:
    assert page(HTML, method=method) == LINKS_ALONE


@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"},
        {"HTTP_X_REQUESTED_WITH": "xmlhttprequest"},
        {"HTTP_HX_REQUEST": "true"},
        {"HTTP_SEC_FETCH_DEST": "empty"},
        {"HTTP_SEC_FETCH_DEST": "Empty"},
        {"HTTP_SEC_FETCH_DEST": "image"},
        {"HTTP_SEC_FETCH_DEST": "script"},
        {"HTTP_SEC_PURPOSE": "prefetch"},
        {"HTTP_SEC_PURPOSE": "prefetch;prerender"},
        {"HTTP_SEC_FETCH_DEST": "document", "HTTP_SEC_PURPOSE": "Prefetch;anonymous-client-ip"},
        {"HTTP_PURPOSE": "prefetch"},
        {"HTTP_PURPOSE": "prerender"},
        {"HTTP_X_MOZ": "prefetch"},
    ],
)
def test_fragments_and_what_is_fetched_in_advance_get_links_and_no_tags(environ: dict[str, str]) -> None:
    assert page(HTML, **environ) == LINKS_ALONE


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"HTTP_SEC_FETCH_DEST": "document"},
        {"HTTP_SEC_FETCH_DEST": " Document "},
        {"HTTP_SEC_FETCH_DEST": "iframe"},
        {"HTTP_SEC_FETCH_DEST": "frame"},
        {"HTTP_X_REQUESTED_WITH": "org.example.webview"},
        {"HTTP_SEC_PURPOSE": ""},
    ],
)
def test_a_whole_page_for_a_person_gets_tags(environ: dict[str, str]) -> None:
    assert page(HTML, **environ) == WHOLE


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (NAVIGATION, True),
        ({"HTTP_SEC_FETCH_DEST": "document"}, True),
        ({"HTTP_SEC_FETCH_DEST": "IFRAME"}, True),
        ({"HTTP_SEC_FETCH_DEST": "frame", "HTTP_ACCEPT": "*/*"}, True),
        ({"HTTP_ACCEPT": "application/xml, Text/HTML;q=0.9"}, True),
        ({"HTTP_SEC_FETCH_DEST": "empty", "HTTP_ACCEPT": "text/html, */*"}, True),
        ({"HTTP_SEC_FETCH_DEST": "empty", "HTTP_ACCEPT": "*/*"}, False),
        ({"HTTP_SEC_FETCH_DEST": "script", "HTTP_ACCEPT": "text/html"}, False),
        ({"HTTP_SEC_FETCH_DEST": "image", "HTTP_ACCEPT": "image/*,*/*"}, False),
        ({"HTTP_SEC_FETCH_DEST": "video", "HTTP_RANGE": "bytes=0-"}, False),
        ({"HTTP_ACCEPT": "*/*"}, False),
        ({}, False),
    ],
)
def test_the_request_says_whether_a_page_is_asked_for(environ: dict[str, str], expected: bool) -> None:
    assert asks_for_page(environ) is expected


CONDITIONS = {
    "HTTP_IF_NONE_MATCH": '"e"',
    "HTTP_IF_MODIFIED_SINCE": "yesterday",
    "HTTP_IF_MATCH": '"f"',
    "HTTP_IF_UNMODIFIED_SINCE": "tomorrow",
    "HTTP_IF_RANGE": '"e"',
    "HTTP_RANGE": "bytes=5-",
    "HTTP_ACCEPT_ENCODING": "gzip, br",
    "HTTP_ACCEPT": "text/html",
}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page_for_one_user_is_asked_for_whole_and_in_plain_bytes(method: str) -> None:
    environ: dict[str, Any] = {"REQUEST_METHOD": method, **CONDITIONS}
    prepare_request(environ, keep_validators=False)
    expected = {"REQUEST_METHOD": method, **CONDITIONS, "HTTP_ACCEPT_ENCODING": "identity"}
    del expected["HTTP_IF_NONE_MATCH"], expected["HTTP_IF_MODIFIED_SINCE"]
    assert environ == expected


@pytest.mark.parametrize(
    ("method", "keep"), [("GET", True), ("POST", False), ("PUT", False), ("PATCH", True)]
)
def test_validators_stay_where_the_page_is_everybodys_or_guard_against_lost_updates(
    method: str, keep: bool
) -> None:
    environ: dict[str, Any] = {"REQUEST_METHOD": method, **CONDITIONS}
    prepare_request(environ, keep_validators=keep)
    assert environ == {"REQUEST_METHOD": method, **CONDITIONS, "HTTP_ACCEPT_ENCODING": "identity"}


def test_a_request_without_conditions_is_prepared_too() -> None:
    environ: dict[str, Any] = {"REQUEST_METHOD": "GET"}
    prepare_request(environ, keep_validators=False)
    assert environ == {"REQUEST_METHOD": "GET", "HTTP_ACCEPT_ENCODING": "identity"}
