"""Reads a page by the rules of HTML: the tokenizer of the HTML Standard (13.2.5) over chunks of bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import ClassVar, Final

from .elements import Namespace, OpenElements
from .grammar import NAME_END, TAG_NAME, TAG_TAIL, any_case, unfinished
from .reader import LONGEST_TAG, BodyEnd, StartTag
from .scanner import RAW_TEXT, Watched, body_run, head_run
from .states import SCRIPT_RULES, State, raw_text_end
from .tags import TagTail, read_attributes

__all__ = ["HTMLReader"]


_TAG: Final = re.compile(rb"<(/?)(" + TAG_NAME + rb")(?=" + NAME_END + rb")")
_TAIL: Final = re.compile(TAG_TAIL)
_ABRUPT_COMMENT_END: Final = re.compile(rb"-?>")
_COMMENT_END: Final = re.compile(rb"--!?>")
_NOSCRIPT_END: Final = re.compile(rb"</" + any_case(b"noscript") + NAME_END)
_OVERLONG: Final = b"?"
"""In place of a name that is longer than `LONGEST_TAG`. No element has this one."""
_SHORTEST_OPENING: Final = len(b"<!--->")

_FRAMESET_NOT_OK: Final = frozenset(
    b"applet area body br button dd dt embed hr iframe image img input keygen li listing marquee object pre"
    b" select table textarea wbr xmp".split()
)
"""Start tags after which a ``<frameset>`` is ignored (13.2.6.4.6, 13.2.6.4.7)."""
_NOT_TEXT: Final = b"\t\n\f\r \0\xef\xbb\xbf"
"""Text of these alone leaves the question open. The last three are a byte order mark."""


class HTMLReader:
    """The `Reader` of ``text/html``.

    ``<noscript>`` is read in two ways at once. A browser that runs scripts takes its content for text and its
    end for the first ``</noscript`` (13.2.6.4.7), so that is where the page goes on, and no body ends before.
    A browser that runs none sees the links in it, so they are found.
    """

    def __init__(self, watched: Watched, hosts: frozenset[str]) -> None:
        self.consumed = 0
        self.finished = False
        self._elements = OpenElements(frameset_ok=True)
        self._head_run = head_run(watched, hosts)
        self._body_run = body_run(watched, hosts)
        self._watched = frozenset(element for element, _ in watched)
        self._found: list[StartTag | BodyEnd] = []
        self._state = State.DATA
        self._raw_text = b""
        """The element whose text is being read."""
        self._tag_name = b""
        """The start tag that is being read in the state TAG; empty for an end tag."""
        self._tail = TagTail()
        self._in_noscript = False
        self._outside = self._elements
        """What is open outside of the ``<noscript>`` that is being read."""
        self._limit = 0
        """Where reading has to stop: at the end of the piece, or of the ``<noscript>``."""
        self._noscript_ends = False

    @property
    def takes_markup(self) -> bool:
        """Whether the page may end here with markup of ours: not inside anything that would swallow it."""
        return (
            self._state is State.DATA
            and not self._in_noscript
            and not self._elements.in_template
            and not self.finished
        )

    def read(self, page: bytes) -> list[StartTag | BodyEnd]:
        """Read the next piece."""
        self._found = []
        self._set_limit(page, 0)
        position = 0
        while not self.finished:
            before = position, self._state
            if position < self._limit:
                position = self._STEPS[self._state](self, page, position)
            if (position, self._state) != before:
                continue
            if not self._noscript_ends:
                break  # what is left is not a whole token
            position = self._limit
            self._leave_noscript(page)
        self.consumed = len(page) if self.finished else position
        return self._found

    # Each step reads on from a position below the limit, and gives the position that it has come to. If that
    # is the same, and the state is the same, a token is not whole.

    def _data(self, page: bytes, position: int) -> int:
        elements = self._elements
        if elements.in_foreign_content:
            tag = page.find(b"<", position, self._limit)
            tag = self._limit if tag < 0 else tag
            if elements.frameset_ok and page[position:tag].strip(_NOT_TEXT):
                elements.frameset_ok = False
            position = tag
        elif elements.frameset_ok:
            position = self._head_run(page, position, self._limit)
            if position < self._limit and page[position] != ord("<"):
                elements.frameset_ok = False
                position = self._body_run(page, position, self._limit)
        else:
            position = self._body_run(page, position, self._limit)
        if position + 1 >= self._limit:
            return position
        following = page[position + 1 : position + 2]
        if following.isalpha():  # 13.2.5.6
            return self._tag_open(page, position)
        if following == b"/":
            return self._end_tag_open(page, position)
        if following == b"!":
            return self._markup_declaration_open(page, position)
        if following == b"?":
            self._state = State.BOGUS_COMMENT
            return position + 2
        return position + 1

    def _end_tag_open(self, page: bytes, position: int) -> int:  # 13.2.5.7
        if position + 2 >= self._limit:
            return position
        following = page[position + 2 : position + 3]
        if following.isalpha():
            return self._tag_open(page, position)
        if following != b">":
            self._state = State.BOGUS_COMMENT
            return position + 2
        return position + 3

    def _markup_declaration_open(self, page: bytes, position: int) -> int:  # 13.2.5.42
        opening = page[position : min(position + len(b"<![CDATA["), self._limit)]
        if opening.startswith(b"<!--"):
            inside = position + len(b"<!--")
            if end := _ABRUPT_COMMENT_END.match(page, inside, self._limit):  # 13.2.5.43, 13.2.5.44
                return end.end()
            if self._limit - position < _SHORTEST_OPENING and opening[4:] in (b"", b"-"):
                return position
            self._state = State.COMMENT
            return inside
        if self._elements.current_is_foreign:
            if opening == b"<![CDATA[":
                self._state = State.CDATA_SECTION
                return position + len(opening)
            if b"<![CDATA[".startswith(opening):
                return position
        if b"<!--".startswith(opening):
            return position
        self._state = State.BOGUS_COMMENT
        return position + 2

    def _tag_open(self, page: bytes, position: int) -> int:
        tag = _TAG.match(page, position, min(self._limit, position + LONGEST_TAG))
        if tag is None:
            if self._limit - position < LONGEST_TAG:
                return position
            is_end = page.startswith(b"</", position)
            self._state, self._tag_name, self._tail = (
                State.TAG,
                b"" if is_end else _OVERLONG,
                TagTail(in_name=True),
            )
            return position + LONGEST_TAG
        name = tag[2].lower()
        if tag[1]:
            self._end_tag(name, position)
            name = b""
        tail = _TAIL.match(page, tag.end(), self._limit)
        if name and (name in self._watched or self._elements.needs_attributes(name)):
            if tail and tail.end() - position <= LONGEST_TAG:
                self._whole_start_tag(name, page[position : tail.end()], position, self_closing=bool(tail[1]))
                return tail.end()
            if not tail and self._limit - position <= LONGEST_TAG:
                return position
        if tail is None:
            self._state, self._tag_name, self._tail = State.TAG, name, TagTail()
            return tag.end()
        if name:
            self._start_tag(name, self_closing=bool(tail[1]))
        return tail.end()

    def _whole_start_tag(self, name: bytes, tag: bytes, position: int, *, self_closing: bool) -> None:
        attributes = read_attributes(tag, 1 + len(name)) if self._elements.needs_attributes(name) else {}
        encoding = attributes.get(b"encoding")
        is_nested_form = name == b"form" and self._elements.form_open and not self._elements.in_template
        namespace = self._start_tag(
            name,
            self_closing=self_closing,
            attributes=attributes,
            encoding=tag[encoding.value_start : encoding.value_end] if encoding else b"",
        )
        # Foreign elements with a name of HTML lead nowhere, but for the links of SVG.
        is_link = namespace is Namespace.HTML or (namespace is Namespace.SVG and name == b"a")
        if name in self._watched and is_link and not is_nested_form and not self.finished:
            self._found.append(StartTag(name, position, position + len(tag)))

    def _start_tag(
        self,
        name: bytes,
        *,
        self_closing: bool,
        attributes: Collection[bytes] = (),
        encoding: bytes = b"",
    ) -> Namespace:
        elements = self._elements
        namespace = elements.start_tag(
            name, self_closing=self_closing, attributes=attributes, encoding=encoding
        )
        if namespace is not Namespace.HTML:
            return namespace
        if name == b"frameset" and elements.frameset_ok and not elements.in_template:
            self.finished = True  # it takes the place of the body, and takes neither links nor markup
        elif name == b"form" and not elements.in_template:
            elements.form_open = True
        elif name == b"noscript" and not self._in_noscript:
            self._state = State.NOSCRIPT
        elif name == b"script":
            self._state = State.SCRIPT_DATA
        elif name == b"plaintext":
            self._state = State.PLAINTEXT
        elif name in RAW_TEXT:
            self._state, self._raw_text = State.RAWTEXT, name
        if name in _FRAMESET_NOT_OK:
            elements.frameset_ok = False
        return namespace

    def _end_tag(self, name: bytes, position: int) -> None:
        elements = self._elements
        if name == b"body":
            if not (elements.in_foreign_content or elements.in_template or self._in_noscript):
                self._found.append(BodyEnd(position))
                self.finished = not self._watched
        elif name == b"form" and not elements.current_is_foreign and not elements.in_template:
            elements.form_open = False
        elements.end_tag(name)

    def _tag_tail(self, page: bytes, position: int) -> int:
        position = self._tail.advance(page, position, self._limit)
        if self._tail.ended:
            self._state = State.DATA
            if self._tag_name:
                self._start_tag(self._tag_name, self_closing=self._tail.self_closing)
        return position

    def _rawtext(self, page: bytes, position: int) -> int:
        end = raw_text_end(self._raw_text).search(page, position, self._limit)
        if end is None:
            return unfinished(page, position, self._limit, b"</" + self._raw_text + b" ")
        self._state = State.DATA  # where the end tag is read like any other
        return end.start()

    def _script(self, page: bytes, position: int) -> int:
        rule = SCRIPT_RULES[self._state]
        token = rule.tokens.search(page, position, self._limit)
        if token is None:
            return unfinished(page, position, self._limit, *rule.beginnings)
        self._state, again = rule.next_state[token[0].lower()]
        return token.end() - again

    def _plaintext(self, _page: bytes, _position: int) -> int:
        return self._limit

    def _bogus_comment(self, page: bytes, position: int) -> int:
        end = page.find(b">", position, self._limit)
        if end < 0:
            return self._limit
        self._state = State.DATA
        return end + 1

    def _comment(self, page: bytes, position: int) -> int:
        end = _COMMENT_END.search(page, position, self._limit)
        if end is None:
            return unfinished(page, position, self._limit, b"-->", b"--!>")
        self._state = State.DATA
        return end.end()

    def _cdata_section(self, page: bytes, position: int) -> int:
        end = page.find(b"]]>", position, self._limit)
        if end < 0:
            return unfinished(page, position, self._limit, b"]]>")
        self._state = State.DATA
        return end + len(b"]]>")

    def _enter_noscript(self, page: bytes, position: int) -> int:
        self._in_noscript, self._outside = True, self._elements
        # Without scripts a form within a form is ignored as well, and its fields would join the outer one.
        self._elements = OpenElements(form_open=self._elements.form_open)
        self._state = State.DATA
        self._set_limit(page, position)
        return position

    def _leave_noscript(self, page: bytes) -> None:
        self._in_noscript, self._elements, self._state = False, self._outside, State.DATA
        self._set_limit(page, 0)

    def _set_limit(self, page: bytes, position: int) -> None:
        self._limit, self._noscript_ends = len(page), False
        if not self._in_noscript:
            return
        if end := _NOSCRIPT_END.search(page, position):
            self._limit, self._noscript_ends = end.start(), True
        else:
            self._limit = unfinished(page, position, len(page), b"</noscript ")

    _STEPS: ClassVar[dict[State, Callable[[HTMLReader, bytes, int], int]]] = {
        State.DATA: _data,
        State.RAWTEXT: _rawtext,
        State.SCRIPT_DATA: _script,
        State.SCRIPT_DATA_ESCAPED: _script,
        State.SCRIPT_DATA_DOUBLE_ESCAPED: _script,
        State.PLAINTEXT: _plaintext,
        State.TAG: _tag_tail,
        State.BOGUS_COMMENT: _bogus_comment,
        State.COMMENT: _comment,
        State.CDATA_SECTION: _cdata_section,
        State.NOSCRIPT: _enter_noscript,
    }
