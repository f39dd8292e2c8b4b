from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chatsso_middleware.changes import Delete
from chatsso_middleware.cli.commands import chatsso
from chatsso_middleware.outbox import Outbox
from chatsso_middleware.sandbox import rocketchat
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox

from .conftest import WriteIni, with_rocketchat


def check(path: Path, *options: str) -> Result:
    return CliRunner().invoke(chatsso, ["check", str(path), *options], catch_exceptions=False)


def test_a_good_ini_is_described_and_its_key_tried(write_ini: WriteIni, room: RunningSandbox) -> None:
    result = check(write_ini("site_url = https://club.example"))
    assert result.exit_code == 0, result.output
    for text in (
        "[filter:chatsso]",
        room.url,
        "https://club.example/chatsso/login",
        "leads to /login?came_from={next}",
        "register_url is not set",
        "does not refuse the API key",
        "is made by the site when it starts",
    ):
        assert text in result.output
    assert room.api_key not in result.output
    assert len(room.calls) == 1
    assert room.room.accounts == ()


def test_it_changes_nothing_on_the_disk_and_counts_what_waits(write_ini: WriteIni, tmp_path: Path) -> None:
    path = write_ini()
    check(path)
    assert [file.name for file in tmp_path.iterdir()] == ["site.ini"]
    kept = Outbox(f"sqlite:///{tmp_path}/outbox.sqlite3", ["0123456789abcdef0123456789abcdef"])
    kept.add("website_toolbox", Delete(("ann@example.com",)))
    kept.close()
    assert "1 waiting, 0 refused by the chat" in check(path).output


def test_a_refused_key_is_a_problem_and_is_not_shown(write_ini: WriteIni) -> None:
    result = check(write_ini(key="canary-wrong-key"))
    assert result.exit_code == 1
    assert "problem  website_toolbox:" in result.output
    assert "canary" not in result.output


def test_a_chat_that_cannot_be_reached_is_a_problem_unless_it_is_not_asked(
    write_ini: WriteIni, room: RunningSandbox
) -> None:
    path = write_ini()
    room.stop()
    assert check(path).exit_code == 1
    result = check(path, "--offline")
    assert result.exit_code == 0, result.output


def test_every_problem_is_reported_with_its_line_and_its_mend(write_ini: WriteIni) -> None:
    result = check(write_ini("page_wiat = 1\nlinks = maybe\nmount = chat"))
    assert result.exit_code == 1
    for text in ("page_wiat (site.ini, line 12)", "links (site.ini, line 13)", "mount (site.ini, line 14)"):
        assert text in result.output
    assert "The nearest known key is page_wait." in result.output
    assert "3 problems to mend." in result.output


def test_an_outbox_that_cannot_be_opened_is_a_problem(write_ini: WriteIni, tmp_path: Path) -> None:
    path = write_ini()
    (tmp_path / "outbox.sqlite3").write_bytes(b"this is no database, whatever its name says" * 100)
    result = check(path)
    assert result.exit_code == 1
    assert "problem  outbox:" in result.output


def test_pyramid_applications_that_include_the_middleware_are_found(
    room: RunningSandbox, tmp_path: Path
) -> None:
    path = tmp_path / "pyramid.ini"
    path.write_text(
        "[app:main]\nuse = call:somewhere:main\npyramid.includes = chatsso_middleware\n"
        "chatsso.providers = website_toolbox\nchatsso.secret = 0123456789abcdef0123456789abcdef\n"
        f"chatsso.website_toolbox.url = {room.url}\nchatsso.website_toolbox.api_key = {room.api_key}\n"
        "chatsso.lnks = no\n"
    )
    result = check(path)
    assert "chatsso.lnks (pyramid.ini, line 8)" in result.output
    path.write_text(path.read_text().replace("chatsso.lnks", "chatsso.links"))
    result = check(path)
    assert result.exit_code == 0, result.output
    assert "pyramid" in result.output


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("[app:main]\nuse = egg:Other\n", "has no section that configures chatsso-middleware"),
        ("no section at all\n", "cannot be read"),
        (
            "[filter:x]\nuse = egg:chatsso-middleware\nsecret = %(canary)s\n",
            "the value of secret in [filter:x]",
        ),
        ("[filter:x]\nuse = egg:chatsso-middleware\nsecret = a%canary\n", "Write %% for a %"),
        ("[filter:x]\nsecret =\ncanary canary\n", "line 3 is no key = value"),
        ("[filter:x]\na = canary\na = canary\n", "line 3: a stands twice"),
        ("[filter:x]\n[filter:x]\n", "line 2: [filter:x] stands twice"),
        ("canary = 1\n", "line 1 stands before the first [section]"),
    ],
)
def test_a_file_that_configures_nothing_gets_one_plain_line(
    tmp_path: Path, content: str, expected: str
) -> None:
    path = tmp_path / "other.ini"
    path.write_text(content)
    result = check(path)
    assert result.exit_code == 1
    assert expected in result.output
    assert "Traceback" not in result.output
    assert "canary" not in result.output


def test_a_file_that_is_no_text_gets_one_plain_line(tmp_path: Path) -> None:
    path = tmp_path / "other.ini"
    path.write_bytes(b"[filter:x]\nsecret = \xff\n")
    assert "it is no text in UTF-8" in check(path).output


def test_a_key_that_pastedeploy_keeps_back_is_a_problem(write_ini: WriteIni) -> None:
    path = write_ini("remember = %(remember)s")
    path.write_text("[DEFAULT]\nremember = yes\n\n" + path.read_text())
    result = check(path)
    assert result.exit_code == 1
    assert "remember (site.ini, line 15)" in result.output
    assert "1 problem to mend." in result.output


# What is to be set elsewhere, for a chat that has something to say about it.


def test_what_the_owner_has_to_enter_in_his_chat_is_told_with_his_addresses(
    write_ini: WriteIni, chat: rocketchat.RunningSandbox
) -> None:
    result = check(with_rocketchat(write_ini, chat, "site_url = http://127.0.0.1:8080/club\nmount = /sso"))
    assert result.exit_code == 0, result.output
    told = " ".join(result.output.split())
    assert "to do rocketchat: In the chat" in told
    assert "(Accounts_iframe_url) http://127.0.0.1:8080/club/sso/rocketchat/frame" in told
    assert "(Accounts_Iframe_api_url) http://127.0.0.1:8080/club/sso/rocketchat/token" in told
    assert "chatsso snippet rocketchat" in told
    assert "ok rocketchat: the chat takes the key of the service account" in told
    for secret in (chat.admin_token, chat.token_secret):
        assert secret not in result.output
    assert chat.chat.users == (), "nobody was made in the chat"


PAGES_OF_THE_CHAT = ("Log In page", "Registration page", "Log Out page")


def test_pages_that_the_owner_enters_in_his_room_are_not_named_for_a_chat_without_them(
    write_ini: WriteIni, chat: rocketchat.RunningSandbox
) -> None:
    for_the_room = check(write_ini(), "--offline").output
    for_the_chat = check(with_rocketchat(write_ini, chat), "--offline").output
    named = [
        sum(f"the chat's {page}" in output for page in PAGES_OF_THE_CHAT)
        for output in (for_the_room, for_the_chat)
    ]
    assert named == [3, 0]
    path = with_rocketchat(write_ini, chat)
    room_too = path.read_text().replace("providers = rocketchat", "providers = rocketchat website_toolbox")
    lines = [line for line in write_ini().read_text().splitlines() if line.startswith("website_toolbox.")]
    path.write_text(room_too.replace("\nrocketchat.url", "\n" + "\n".join(lines) + "\nrocketchat.url"))
    assert "the chat's Log In page" in check(path, "--offline").output


@pytest.mark.parametrize(
    ("line", "instead", "expected"),
    [
        ("login_url", "site_url = https://www.site.example\nlogin_url", "set cookie_samesite = none"),
        ("login_url", "# login_url", "login_url is not set"),
    ],
)
def test_what_will_not_work_as_it_is_is_a_problem(
    write_ini: WriteIni, chat: rocketchat.RunningSandbox, line: str, instead: str, expected: str
) -> None:
    path = with_rocketchat(write_ini, chat)
    path.write_text(path.read_text().replace(f"\n{line}", f"\n{instead}"))
    result = check(path, "--offline")
    assert result.exit_code == 1
    told = " ".join(result.output.split())
    (problem,) = [part for part in told.split(" problem ")[1:] if expected in part]
    assert problem.startswith("rocketchat: ")


@pytest.mark.parametrize(
    ("partitioned", "expected"),
    [("no", "must be SameSite=None; Secure,"), ("yes", "must be SameSite=None; Secure; Partitioned,")],
)
def test_what_the_hosts_own_session_cookie_needs_is_told(
    write_ini: WriteIni, chat: rocketchat.RunningSandbox, partitioned: str, expected: str
) -> None:
    more = (
        "site_url = https://www.site.example\ncookie_samesite = none\n"
        f"rocketchat.cookie_partitioned = {partitioned}"
    )
    result = check(with_rocketchat(write_ini, chat, more))
    assert result.exit_code == 0, result.output
    assert f"The site's own session cookie {expected}" in " ".join(result.output.split())


def test_a_chat_without_advice_adds_nothing(write_ini: WriteIni) -> None:
    assert "to do" not in check(write_ini()).output


def test_a_service_account_that_the_chat_refuses_is_a_problem(
    write_ini: WriteIni, chat: rocketchat.RunningSandbox
) -> None:
    path = with_rocketchat(write_ini, chat)
    path.write_text(path.read_text().replace(chat.admin_token, "canary-wrong-token"))
    result = check(path)
    assert result.exit_code == 1
    assert "problem  rocketchat: refuses the key of the service account" in result.output
    assert "canary" not in result.output


# The hosted login page.


SIGNIN = """\
identity = signin
signin.url = https://accounts.example.com/login
signin.field.login = {login}
signin.field.password = {password}
signin.header.X-Api-Key = canary-key-of-the-caller
signin.user.id = id
signin.user.email = email
"""


def with_signin(write_ini: WriteIni, more: str = SIGNIN) -> Path:
    """An ini whose site has a hosted login page, and no login page of its own."""
    path = write_ini(more)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("login_url")))
    return path


def test_a_hosted_page_is_described_with_where_it_asks(write_ini: WriteIni) -> None:
    result = check(with_signin(write_ini, SIGNIN + "site_url = https://club.example\nmount = /sso"))
    assert result.exit_code == 0, result.output
    told = " ".join(result.output.split())
    for text in (
        "who is logged in signin",
        "the hosted login page https://club.example/sso/signin asks https://accounts.example.com/login",
        "the chat's Log In page https://club.example/sso/login leads to /sso/signin",
        "the chat's Log Out page https://club.example/sso/logout leads to /sso/signin/logout",
        "register_url is not set",
        "to do signin: Behind a proxy, all visitors share the limit of one address",
    ):
        assert text in told
    assert "canary" not in result.output


def test_what_is_done_is_not_told_to_be_done(write_ini: WriteIni) -> None:
    assert "to do" not in check(with_signin(write_ini, SIGNIN + "signin.trusted_proxies = unix")).output
    assert "signin" not in check(write_ini()).output


def test_a_hosted_page_that_no_visitor_finds_is_told(write_ini: WriteIni) -> None:
    more = SIGNIN.replace("identity = signin", "signin.trusted_proxies = 127.0.0.1")
    told = " ".join(check(with_signin(write_ini, more)).output.split())
    assert "to do signin: The chat's visitors do not find the hosted page: set login_url =" in told
    assert "/chatsso/signin?next={next}" in told


def test_the_owners_own_code_is_said_to_be_asked(write_ini: WriteIni) -> None:
    result = check(with_signin(write_ini, "identity = signin\nsignin.verify = builtins:dict"))
    assert result.exit_code == 0, result.output
    assert "asks your own signin.verify" in " ".join(result.output.split())


def test_the_problems_of_a_hosted_page_have_their_lines(write_ini: WriteIni) -> None:
    path = with_signin(write_ini, SIGNIN.replace("{login}", "{lgin}") + "signin.mesage.401 = No.")
    result = check(path)
    assert result.exit_code == 1
    lines = path.read_text().splitlines()
    for key in ("signin.field.login", "signin.mesage.401"):
        (number,) = [place for place, line in enumerate(lines, start=1) if line.startswith(key)]
        assert f"{key} (site.ini, line {number})" in " ".join(result.output.split())
    assert "The nearest known key is signin.message.*." in result.output
    assert "canary" not in result.output


@pytest.mark.parametrize("identity", ["remote_user", "pyramid"])
def test_a_hosted_page_beside_a_reader_that_would_end_its_logins_is_a_problem(
    write_ini: WriteIni, identity: str
) -> None:
    result = check(with_signin(write_ini, SIGNIN.replace("identity = signin", f"identity = {identity}")))
    assert result.exit_code == 1
    assert f"identity = {identity} ends every login that it has not found itself" in result.output
