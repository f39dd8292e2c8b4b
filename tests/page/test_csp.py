"""What a Content-Security-Policy blocks, and how it is opened."""

from __future__ import annotations

import pytest

from chatsso_middleware.page.csp import SELF, Need, extended, unmet

CHAT = "https://room.example"
LOCAL = "http://127.0.0.1:8080"
SITE = "https://www.site.example"
NAME = "Content-Security-Policy"


def blocks(policy: str, source: str = CHAT, *, directive: str = "img-src", site: str | None = None) -> bool:
    need = Need(directive, source)
    return unmet([(NAME, policy)], [need], site) == (need,)


def opened(policy: str, *needs: Need) -> str:
    ((_, value),) = extended([(NAME, policy)], needs or [Need("img-src", CHAT)], None)
    return value


@pytest.mark.parametrize(
    "policy",
    [
        "",
        ";",
        "script-src 'none'",
        "img-src *",
        "IMG-SRC https:",
        "img-src http:",
        "img-src 'self' https://room.example",
        "img-src HTTPS://ROOM.EXAMPLE",
        "img-src room.example",
        "img-src http://room.example",
        "img-src https://room.example:443",
        "img-src http://room.example:80",
        "img-src room.example:*",
        "img-src *.example",
        "img-src https://*.example",
        "img-src https://*",
        "img-src *:443",
        "img-src https://room.example/avatars/",
        "default-src 'none'; img-src https://room.example",
        "default-src https:",
        "img-src https://room.example; img-src 'none'",
        "frame-src 'none'; child-src 'none'",
    ],
)
def test_a_policy_lets_an_image_through(policy: str) -> None:
    assert not blocks(policy)


@pytest.mark.parametrize(
    "policy",
    [
        "img-src 'none'",
        "img-src",
        "img-src 'self' data:",
        "Img-Src 'self'",
        "default-src 'self'",
        "img-src 'self'; default-src *",
        "img-src https://other.example",
        "img-src https://room.example:8443",
        "img-src ftp://room.example",
        "img-src *.room.example",
        "img-src notroom.example",
        "img-src 'nonce-abc'",
        "img-src 'none'; img-src *",
        "img-src blob: filesystem:",
        "script-src x\n;img-src 'self'",
    ],
)
def test_a_policy_blocks_an_image(policy: str) -> None:
    assert blocks(policy)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("http://127.0.0.1:8080", False),
        ("127.0.0.1:8080", False),
        ("127.0.0.1:*", False),
        ("http:", False),
        ("http://127.0.0.1", True),
        ("https://127.0.0.1:8080", True),
        ("https:", True),
    ],
)
def test_ports_and_schemes_count(source: str, expected: bool) -> None:
    assert blocks(f"img-src {source}", LOCAL) is expected


def test_an_ipv6_host_is_written_in_brackets() -> None:
    assert not blocks("img-src http://[::1]:8080", "http://[::1]:8080")
    assert blocks("img-src http://[::2]:8080", "http://[::1]:8080")


@pytest.mark.parametrize(
    ("policy", "site", "expected"),
    [
        ("img-src 'self'", None, False),
        ("img-src 'SELF'", SITE, False),
        ("img-src *", None, False),
        ("img-src https:", None, False),
        ("default-src http: data:", None, False),
        ("img-src https://www.site.example", SITE, False),
        ("img-src *.site.example", SITE, False),
        ("img-src https://www.site.example", None, True),
        ("img-src https://room.example", SITE, True),
        ("img-src data:", None, True),
    ],
)
def test_the_site_itself_is_let_through_by_self_or_by_its_name(
    policy: str, site: str | None, expected: bool
) -> None:
    assert blocks(policy, SELF, site=site) is expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("frame-src https://room.example", True),
        ("child-src https://room.example", True),
        ("frame-src https://room.example; child-src 'self'", True),
        ("default-src https://room.example", True),
        ("frame-src 'self' https://room.example", False),
        ("frame-src *", False),
        ("frame-src 'none'", False),
        ("default-src 'self'", False),
        ("img-src 'none'", False),
    ],
)
def test_only_a_page_that_may_frame_the_chat_needs_to_frame_the_site_in_its_place(
    policy: str, expected: bool
) -> None:
    need = Need("frame-src", SELF, instead_of=CHAT)
    assert (unmet([(NAME, policy)], [need], None) == (need,)) is expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("img-src 'self'", "img-src 'self' https://room.example"),
        ("img-src 'none'", "img-src https://room.example"),
        ("img-src", "img-src https://room.example"),
        ("img-src 'self';", "img-src 'self' https://room.example;"),
        ("default-src 'self' data:", "default-src 'self' data:; img-src 'self' data: https://room.example"),
        ("default-src 'NONE'", "default-src 'NONE'; img-src https://room.example"),
        ("default-src 'none'; ", "default-src 'none'; img-src https://room.example"),
        (
            "script-src  'nonce-x' ; IMG-SRC  'self';report-uri /csp",
            "script-src  'nonce-x' ; img-src 'self' https://room.example;report-uri /csp",
        ),
        ("img-src 'self'; img-src *", "img-src 'self' https://room.example; img-src *"),
    ],
)
def test_a_policy_is_opened_and_nothing_else_in_it_changes(policy: str, expected: str) -> None:
    assert opened(policy) == expected
    assert not blocks(expected)
    assert opened(expected) == expected


@pytest.mark.parametrize("policy", ["", "img-src *", "default-src https:", "script-src 'self'"])
def test_a_policy_that_blocks_nothing_stays_as_it_is(policy: str) -> None:
    assert opened(policy) == policy


def test_several_policies_in_one_header_and_several_headers_must_all_let_it_through() -> None:
    headers = [
        (NAME, "default-src *, img-src 'self',img-src *"),
        ("X-Own", "img-src 'none'"),
        ("content-security-policy", "default-src 'none'"),
        ("Content-Security-Policy-Report-Only", "img-src 'none'"),
        (NAME, "script-src 'self'"),
    ]
    needs = [Need("img-src", CHAT), Need("img-src", SELF)]
    assert unmet(headers, needs, None) == tuple(needs)
    expected = list(headers)
    expected[0] = (NAME, "default-src *, img-src 'self' https://room.example,img-src *")
    expected[2] = ("content-security-policy", "default-src 'none'; img-src https://room.example 'self'")
    assert extended(headers, needs, None) == expected


def test_a_policy_for_reports_alone_blocks_nothing() -> None:
    assert unmet([(f"{NAME}-Report-Only", "img-src 'none'")], [Need("img-src", CHAT)], None) == ()


@pytest.mark.parametrize(
    "policy",
    [
        "script-src 'self'",
        "script-src-elem 'self'; script-src 'none'; default-src 'none'",
        "script-src https:",
        "default-src https://www.site.example",
        "img-src 'none'; style-src 'none'; script-src-attr 'none'",
    ],
)
def test_a_policy_lets_a_script_of_the_site_run(policy: str) -> None:
    assert not blocks(policy, SELF, directive="script-src", site=SITE)


@pytest.mark.parametrize(
    "policy",
    [
        "script-src 'none'",
        "script-src-elem 'none'; script-src 'self'",
        "default-src 'none'",
        "script-src 'nonce-abc' 'strict-dynamic'",
        "script-src https://cdn.example",
    ],
)
def test_a_policy_blocks_a_script_of_the_site(policy: str) -> None:
    assert blocks(policy, SELF, directive="script-src", site=SITE)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("connect-src 'self'", False), ("connect-src wss:", True), ("default-src 'none'", True), ("", False)],
)
def test_what_a_script_asks_the_site_for_may_be_blocked_too(policy: str, expected: bool) -> None:
    assert blocks(policy, SELF, directive="connect-src", site=SITE) is expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("script-src 'nonce-abc'", "script-src 'nonce-abc' 'self'"),
        ("script-src 'none'", "script-src 'self'"),
        (
            "default-src https://a.example",
            "default-src https://a.example; script-src https://a.example 'self'",
        ),
        (
            "script-src-elem https://a.example; script-src 'none'",
            "script-src-elem https://a.example 'self'; script-src 'none'",
        ),
        ("script-src-elem 'none'", "script-src-elem 'self'"),
    ],
)
def test_a_policy_is_opened_for_a_script_where_it_is_ruled_and_nowhere_else(
    policy: str, expected: str
) -> None:
    need = Need("script-src", SELF)
    assert opened(policy, need) == expected
    assert unmet([(NAME, expected)], [need], SITE) == ()


@pytest.mark.parametrize("source", [SELF, CHAT])
@pytest.mark.parametrize(
    "policy",
    [
        "script-src 'nonce-abc' 'strict-dynamic'",
        "script-src 'strict-dynamic' 'self' https: https://room.example",
        "default-src 'STRICT-DYNAMIC' 'nonce-abc'",
        "script-src-elem 'nonce-abc' 'strict-dynamic'; script-src 'self'",
    ],
)
def test_where_only_what_a_trusted_script_loads_may_run_a_script_is_blocked_and_no_source_helps(
    policy: str, source: str
) -> None:
    need = Need("script-src", source)
    assert unmet([(NAME, policy)], [need], SITE) == (need,)
    assert opened(policy, need) == policy


def test_images_and_frames_are_let_through_as_ever_beside_such_scripts() -> None:
    policy = "script-src 'strict-dynamic'; img-src 'self'"
    assert opened(policy, Need("img-src", CHAT), Need("script-src", SELF)) == f"{policy} {CHAT}"


def test_a_policy_is_opened_for_what_a_script_asks_the_site_for() -> None:
    assert opened("connect-src wss:", Need("connect-src", SELF)) == "connect-src wss: 'self'"


def test_a_frame_directive_that_is_not_there_starts_as_a_copy_of_the_one_that_ruled() -> None:
    need = Need("frame-src", SELF, instead_of=CHAT)
    assert opened("child-src https://room.example", need) == (
        "child-src https://room.example; frame-src https://room.example 'self'"
    )
    assert opened("frame-src 'none'", need) == "frame-src 'none'"
