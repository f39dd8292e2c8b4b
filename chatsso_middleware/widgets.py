"""The chats' own scripts in a page of the site: what their tags gain, and those that are placed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .login_flow import Chat, LoginFlow
from .page.edits import ScriptAttributes
from .providers import Widget
from .sessions import ChatSession
from .state.session_state import SessionState

__all__ = ["PageWidgets", "has_widgets", "places_for_guests", "widgets_of"]


@dataclass(frozen=True, slots=True)
class PageWidgets:
    """What becomes of the chats' scripts in one page."""

    attributes: tuple[ScriptAttributes, ...] = ()
    """For tags that stand there already."""
    placed: tuple[tuple[Chat, Widget], ...] = ()
    """Tags that are to be placed."""

    def __bool__(self) -> bool:
        return bool(self.attributes or self.placed)

    @property
    def chats_shown(self) -> tuple[Chat, ...]:
        """Those whose scripts we place."""
        return tuple(chat for chat, _ in self.placed)


def widgets_of(
    flow: LoginFlow,
    state: SessionState,
    session_of: Callable[[Chat], ChatSession | None],
    *,
    whole_page: bool,
) -> PageWidgets:
    """For whoever is logged in, or a guest. `session_of` may wait for as long as a page may.

    Without a token in time, a member's page is left alone: there is no gateway that a script could go
    through, and as a guest he would be somebody else. In a page that holds no tokens, nothing is done here.
    """
    if flow.policy.delivery != "direct":
        return PageWidgets()
    chats = [chat for chat in flow.chats.values() if _has_widgets(chat)]
    if state.user is None:
        return PageWidgets(placed=tuple(_placed(flow, chats))) if whole_page else PageWidgets()
    attributes, placed = [], []
    for chat in chats:
        session = session_of(chat)
        if session is None:
            continue
        gained = chat.provider.widget_attributes(session)
        if gained:
            attributes.append(ScriptAttributes(chat.provider.hosts, chat.provider.widget_scripts, gained))
        widget = chat.provider.widget(session) if whole_page else None
        if widget is not None:
            placed.append((chat, widget))
    return PageWidgets(tuple(attributes), tuple(placed))


def has_widgets(flow: LoginFlow) -> bool:
    """Whether any chat has scripts in pages."""
    return any(_has_widgets(chat) for chat in flow.chats.values())


def places_for_guests(flow: LoginFlow) -> bool:
    """Whether pages of visitors who are not logged in change too."""
    return flow.policy.delivery == "direct" and any(True for _ in _placed(flow, list(flow.chats.values())))


def _placed(flow: LoginFlow, chats: list[Chat]) -> Iterator[tuple[Chat, Widget]]:
    """What guests get, where they go to the chat as it is."""
    if flow.policy.guests != "chat":
        return
    for chat in chats:
        widget = chat.provider.widget(None)
        if widget is not None:
            yield chat, widget


def _has_widgets(chat: Chat) -> bool:
    return bool(chat.provider.widget_scripts) or chat.provider.widget(None) is not None
