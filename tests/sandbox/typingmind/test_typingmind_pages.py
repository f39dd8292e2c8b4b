"""The chat, the widget and the pages for developers, as a browser gets them."""

from __future__ import annotations

import requests

from chatsso_middleware.sandbox.typingmind import RunningSandbox
from tests.sandbox.chat_client import Clock, Page
from tests.sandbox.typingmind.visitor import ANN, Visitor


def said(page: Page) -> list[str]:
    return ["".join(text.itertext()) for text in page.all(".//p[@class='text']")]


def test_a_member_talks_with_the_assistant_and_nobody_else_reads_it(
    visitor: Visitor, sandbox: RunningSandbox
) -> None:
    page = visitor.log_in()
    token = page.hidden()["form_token"]
    assert visitor.post("/", form_token=token, message=" two <words> ").status_code == 303
    assert said(visitor.page())[0] == "two <words>"
    assert "2 words" in said(visitor.page())[1]
    visitor.post("/", form_token=token, message="one")
    assert "1 word." in said(visitor.page())[-1]
    other = Visitor(sandbox)
    assert said(other.log_in(user={"id": "43"})) == []
    other.jar.close()


def test_a_message_needs_a_session_its_own_form_and_some_text(visitor: Visitor) -> None:
    assert visitor.post("/", message="hello").status_code == 403
    token = visitor.log_in().hidden()["form_token"]
    assert visitor.post("/", message="hello").status_code == 403
    assert visitor.post("/", form_token=token, message="  ").status_code == 400
    assert visitor.post("/", form_token=token, message="x" * 2001).status_code == 400
    assert said(visitor.page()) == []


def test_a_guest_sees_the_chat_without_a_form(visitor: Visitor) -> None:
    page = visitor.page()
    assert page.user == ""
    assert page.all(".//textarea") == []


def test_the_widgets_frame_goes_by_its_code_and_keeps_nothing(visitor: Visitor) -> None:
    code = visitor.code()
    page = visitor.page("/widget", code=code)
    assert page.user == "ann@example.com"
    assert len(visitor.jar.cookies) == 0
    assert page.links() == {"Open the whole chat": f"/?externalAuthCode={code}"}
    form = page.hidden()
    assert form == {"code": code}
    answer = visitor.post("/widget", **form, message="hello there")
    assert answer.status_code == 303
    assert said(Page(visitor.jar.get(answer.headers["Location"], timeout=10).text))[0] == "hello there"
    guest = visitor.page("/widget")
    assert (guest.user, guest.links()) == ("", {"Open the whole chat": "/"})


def test_the_widgets_frame_refuses_what_a_link_refuses(visitor: Visitor, clock: Clock) -> None:
    code = visitor.code(**ANN, exp=int(clock.now) + 60)
    assert visitor.page("/widget", code=code).user == "ann@example.com"
    clock.now += 60
    assert "has expired" in visitor.get("/widget", code=code).text
    assert visitor.page("/widget", status=403, code=code).user == ""
    assert visitor.post("/widget", code=code, message="hello").status_code == 403
    assert visitor.post("/widget", message="hello").status_code == 403


def test_the_frame_may_stand_on_any_site_and_the_lists_on_none(visitor: Visitor) -> None:
    for path, ancestors in (("/", "*"), ("/widget", "*"), ("/sandbox/calls", "'none'")):
        policy = visitor.get(path).headers["Content-Security-Policy"]
        assert f"frame-ancestors {ancestors}" in policy


def test_the_widgets_script_can_be_loaded_from_any_site(visitor: Visitor) -> None:
    answer = visitor.get("/widget.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "data-external-auth-code" in answer.text


def test_the_lists_show_what_was_asked_and_no_secret(visitor: Visitor, sandbox: RunningSandbox) -> None:
    code = visitor.code(user={"id": "42", "email": "ann@example.com", "plan": "pro"})
    visitor.follow(code)
    visitor.get("/widget", code=code)
    visitor.api("GET")
    calls = visitor.get("/sandbox/calls").text
    for words in ("Logged in ann@example.com by a link", "in the widget", "GET /api/v2/users"):
        assert words in calls
    listed = visitor.get("/sandbox/calls.json").json()["calls"]
    assert [call["parameters"] for call in listed] == [
        {"X-API-KEY": "***"},
        {"code": code[:6] + "…"},
        {"externalAuthCode": code[:6] + "…"},
    ]
    for text in (calls, visitor.get("/sandbox/calls.json").text):
        assert code not in text
        assert sandbox.secret not in text
        assert sandbox.api_key not in text
    users = visitor.get("/sandbox/users").text
    assert "1 of 100 seats" in users
    assert '{"plan": "pro"}' in users.replace("&quot;", '"')


def test_a_user_who_was_invited_is_called_so(visitor: Visitor, sandbox: RunningSandbox) -> None:
    assert "no users yet" in visitor.get("/sandbox/users").text
    bob = sandbox.instance.add_user("bob@example.com")
    assert f"id {bob.id}, invited" in visitor.get("/sandbox/users").text


def test_the_calls_begin_empty_and_the_pages_have_their_stylesheet(visitor: Visitor) -> None:
    assert "No call has come yet" in visitor.get("/sandbox/calls").text
    assert visitor.get("/sandbox/style.css").headers["Content-Type"].startswith("text/css")


def test_other_addresses_and_methods_are_refused(visitor: Visitor, sandbox: RunningSandbox) -> None:
    assert visitor.get("/nothing").status_code == 404
    answer = visitor.post("/sandbox/calls")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert requests.head(sandbox.url + "/widget.js", timeout=10).status_code == 200
    assert visitor.get("/%ff").status_code == 400
    assert visitor.get("/?" + "a=1&" * 101).status_code == 400
    code = visitor.code()
    assert requests.head(f"{sandbox.url}/?externalAuthCode={code}", timeout=10).status_code == 200
    assert sandbox.instance.users == ()


def test_it_misbehaves_as_it_is_told_and_stops_and_starts(visitor: Visitor, sandbox: RunningSandbox) -> None:
    sandbox.instance.fail_with(status=503, times=1)
    assert visitor.api("GET").status_code == 503
    assert visitor.api("GET").status_code == 200
    assert sandbox.calls[0].outcome.startswith("Misbehaved")
    sandbox.instance.fail_with(delay=0.01)
    assert visitor.api("GET").status_code == 200
    sandbox.stop()
    sandbox.start()
    assert visitor.api("GET").status_code == 200
