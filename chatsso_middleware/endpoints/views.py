"""What each of our addresses does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import Rejected
from ..failures import described
from ..login_flow import Chat
from ..state.tokens import SessionOver
from ..urls import add_query, is_below, is_path_on_this_host, without_parameters
from . import bounces, leaving
from .answers import Answer, form_of_its_own, page, redirect, transparent_image
from .ways import link_to_site, page_address

log = logging.getLogger(__name__)


class BadAddress(Exception):
    """The address that was asked for cannot be meant; the text is for the visitor."""


def go(request: Any) -> Answer:
    """The top-level way into the chat, with a token made now."""
    chat, path = _destination(request)
    endpoints = request.endpoints
    if (
        request.chatsso.user is None
        and endpoints.flow.policy.guests == "login"
        and page_address(request, "login_url", "/") is not None
    ):
        return _to_login(request, chat, path)
    answer = _enter(request, chat, path, keep_method=request.method == "POST")
    leaving.forget(request, chat, answer)
    return answer


def login(request: Any) -> Answer:
    """What the owner enters as the chat's Log In page."""
    chat, path = _destination(request)
    if request.chatsso.user is None:
        return _to_login(request, chat, path)
    if bounces.too_many(request):
        return bounces.explained(
            request,
            "You are logged in on this site, but the chat keeps asking you to log in.",
            "Your browser may be blocking the chat's cookies, or the chat may be refusing your account. "
            "Log out on the site and log in again. If that does not help, tell the site's owner.",
            [link_to_site(request), (chat.provider.url + "/", "Enter the chat as a guest")],
        )
    answer = _enter(request, chat, path)
    leaving.forget(request, chat, answer)
    return bounces.counted(request, answer)


def register(request: Any) -> Answer:
    """What the owner enters as the chat's Registration page."""
    chat, path = _destination(request)
    return _to_page(request, "register_url", "sign up", chat, _way_back(request, chat, path))


def logout(request: Any) -> Answer:
    """What the owner enters as the chat's Log Out page. The site's own page asks before it ends a session."""
    chat, _ = _destination(request)
    answer = _to_page(request, "logout_url", "log out", chat, request.chatsso.cookie_path)
    leaving.remember(request, chat, answer)
    return answer


def tag(request: Any) -> Answer:
    """The gateway of the tags: on to the chat's own address, or a transparent image without a token."""
    chat = _chat(request, request.matchdict["provider"])
    handle, endpoints = request.chatsso, request.endpoints
    event = request.GET.get("event", "")
    kind = "login" if event == handle.state.login else "logout"
    if not handle.is_due(chat, event) or request.matchdict["kind"] != kind:
        return transparent_image()
    with endpoints.patience() as seconds:
        address = endpoints.flow.tag_address(handle.state, chat, event, seconds)
    if address is None and not endpoints.flow.is_over(handle.state, chat, event):
        return transparent_image()
    answer = transparent_image() if address is None else redirect(address)
    if request.method == "GET":  # what asks with HEAD loads no image
        cookie = endpoints.cookie.acknowledge(event, chat.name, path=handle.cookie_path, secure=handle.secure)
        answer.headers.add("Set-Cookie", cookie)
    return answer


def refuse_other_methods(allowed: Sequence[str]) -> Callable[[Any], Answer]:
    """The view of an address that takes no methods but `allowed`."""

    def other_method(request: Any) -> Answer:
        answer = page(
            405, "This address cannot be used that way", ["Go there by a link."], [link_to_site(request)]
        )
        answer.headers["Allow"] = ", ".join(allowed)
        return answer

    return other_method


def not_found(request: Any) -> Answer:
    """Any other path below `mount`."""
    return page(
        404,
        "There is nothing here",
        ["The address may be mistyped, or out of date."],
        [link_to_site(request)],
    )


def bad_address(error: BadAddress, request: Any) -> Answer:
    """An address with something in it that we do not follow."""
    return page(400, "This link cannot be followed", [str(error)], [link_to_site(request)])


def undecodable(request: Any) -> Answer:
    """An address whose bytes are not UTF-8."""
    return bad_address(BadAddress("Its address is damaged: it is not valid text."), request)


def failed(error: Exception, request: Any) -> Answer:
    """A fault of ours: a plain page, and the log tells the owner of what kind and where."""
    log.error("%s failed with %s", request.path, described(error))
    return page(500, "Something went wrong", ["Please try again in a moment."], [link_to_site(request)])


def _destination(request: Any) -> tuple[Chat, str]:
    """The chat and the path in it that the request names.

    A form that a page sends to the chat with GET puts its own fields behind ours, and those go along.
    """
    ours: dict[str, str] = {}
    fields = []
    for name, value in request.GET.items():
        if name in ("to", "provider") and name not in ours:
            ours[name] = value
        else:
            fields.append((name, value))
    chat = _chat(request, ours.get("provider"))
    path = ours.get("to", chat.provider.base_path + "/")
    if not is_path_on_this_host(path):
        raise BadAddress("It does not lead to a page of the chat.")
    # A token in the link would be somebody else's: the chat could take it for the visitor's own.
    return chat, without_parameters(add_query(path, fields), chat.provider.link_parameter_names)


def _chat(request: Any, provider: str | None) -> Chat:
    try:
        chat: Chat = request.chatsso.chat(provider)
    except ValueError as error:
        raise BadAddress("This site has no such chat.") from error
    return chat


def _enter(request: Any, chat: Chat, path: str, *, keep_method: bool = False) -> Answer:
    if chat.provider.mints_at_click:
        return _enter_by_click(request, chat, path)
    return redirect(_chat_address(request, chat, path), keep_method=keep_method)


def _enter_by_click(request: Any, chat: Chat, path: str) -> Answer:
    """Into a chat that wants a new token for each click; as a guest if there is none to be had."""
    flow, handle = request.endpoints.flow, request.chatsso
    entrance = None
    if is_below(path, chat.provider.base_path):
        try:
            with request.endpoints.patience() as seconds:
                entrance = flow.entrance(handle.state, chat, path, seconds)
        except SessionOver as over:
            handle.change_state(flow.bar(handle.state, over.ending))
        except (ValueError, Rejected) as error:
            log.warning("Nobody enters %s this way: %s", chat.name, error)
    if entrance is None:
        return redirect(chat.provider.origin + path)
    if entrance.fields:
        return form_of_its_own(entrance.address, entrance.fields)
    return redirect(entrance.address)


def _chat_address(request: Any, chat: Chat, path: str) -> str:
    """Into the chat: logged in if a token can be had in time, else as a guest."""
    endpoints = request.endpoints
    address = None
    if is_below(path, chat.provider.base_path):  # what else lives on the host has no business with a token
        with endpoints.patience() as seconds:
            address = endpoints.flow.chat_address(request.chatsso.state, chat, path, seconds)
    return address or chat.provider.origin + path


def _to_login(request: Any, chat: Chat, path: str) -> Answer:
    if bounces.too_many(request):
        return bounces.explained(
            request,
            "You were sent to the site's login page several times, and the chat still does not know you.",
            "Log in on the site first, and then open the chat. If you are logged in there already, your "
            "browser may be blocking cookies. If nothing helps, tell the site's owner.",
            [link_to_site(request), (chat.provider.url + "/", "Enter the chat as a guest")],
        )
    answer = _to_page(request, "login_url", "log in", chat, _way_back(request, chat, path))
    return bounces.counted(request, answer) if answer.status_int == 302 else answer


def _to_page(request: Any, key: str, purpose: str, chat: Chat, way_back: str) -> Answer:
    """To the site's page that the setting `key` names, which may send the browser on to `way_back`."""
    address = page_address(request, key, way_back)
    if address is None:
        log.error("Somebody wants to %s from the chat, but %s is not set", purpose, key)
        return page(
            404,
            f"Please {purpose} on the site",
            [
                f"The chat sent you here to {purpose}, but the way to that page has not been set up. "
                "You may find it on the site's front page."
            ],
            [link_to_site(request), (chat.provider.url + "/", "Back to the chat")],
        )
    return redirect(address)


def _way_back(request: Any, chat: Chat, path: str) -> str:
    way: str = request.endpoints.flow.gateway_address(chat, path, request.chatsso.mount)
    return way
