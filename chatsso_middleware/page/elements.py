"""As much of the tree construction as decides how the next bytes are read (HTML Standard, 13.2.6).

What a browser builds from a page matters here in two questions: which rules hold for the next tag, those
of HTML or those of foreign content (SVG and MathML), and whether a tag is inside a template. So ordinary HTML
elements are not recorded, but templates and foreign elements are, and whatever is open inside the latter.

Two liberties follow. An HTML end tag inside an ``<svg>`` that the author forgot to close is taken for the end
of an element around it, which closes the ``<svg>`` as well; whether that element was open was not recorded.
And HTML inside ``<foreignObject>`` and its like is expected to close its elements by end tags; where it does
not, the foreign content is taken to go on.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from typing import Final, NamedTuple

__all__ = ["Namespace", "OpenElements"]

_BREAKOUT: Final = frozenset(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing"
    b" menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var".split()
)
"""Start tags that end foreign content (13.2.6.5)."""
_BREAKOUT_FONT: Final = frozenset({b"color", b"face", b"size"})
"""``<font>`` does so too, with one of these attributes."""

_VOID: Final = frozenset(
    b"area base basefont bgsound br col embed frame hr image img input keygen link meta param source track"
    b" wbr".split()
)
_IGNORED_IN_BODY: Final = frozenset(
    b"html head body frameset caption colgroup tbody td tfoot th thead tr".split()
)
"""Start tags that open no element in a body, or one of a table, which ends with the table (13.2.6.4.7)."""

_HTML_END_TAGS: Final = frozenset(
    b"a abbr address article aside b blockquote button caption center code dd details div dl dt em fieldset"
    b" figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup i label legend li main nav ol option pre"
    b" section select small span strong sub summary sup table tbody td th thead tr u ul".split()
)
"""End tags that, in foreign content, are taken for those of an element around it."""

_SVG_INTEGRATION: Final = frozenset({b"foreignobject", b"desc", b"title"})
_MATHML_TEXT_INTEGRATION: Final = frozenset({b"mi", b"mo", b"mn", b"ms", b"mtext"})
_HTML_ENCODINGS: Final = frozenset({b"text/html", b"application/xhtml+xml"})


class Namespace(enum.Enum):
    """Whose rules an element follows."""

    HTML = enum.auto()
    SVG = enum.auto()
    MATHML = enum.auto()


class _Point(enum.Enum):
    """Whether HTML may stand inside a foreign element (13.2.6, "integration point")."""

    NONE = enum.auto()
    HTML = enum.auto()
    MATHML_TEXT = enum.auto()
    MATHML_ANNOTATION = enum.auto()
    """``annotation-xml`` without an encoding that is HTML: it takes an ``<svg>``."""


class _Element(NamedTuple):
    namespace: Namespace
    name: bytes
    point: _Point
    last_html: int
    """The index of the nearest HTML element in the stack, itself or below; -1 where none is recorded."""
    last_barrier: int
    """The same of the nearest element, itself or below, that an HTML end tag does not reach through."""


class OpenElements:
    """The recorded part of the stack of open elements (13.2.4.2)."""

    __slots__ = ("_foreign", "_places", "_stack", "form_open", "frameset_ok")

    def __init__(self, *, form_open: bool = False, frameset_ok: bool = False) -> None:
        self.form_open = form_open
        """Whether the form element pointer is set: a second ``<form>`` is ignored then (13.2.4.4)."""
        self.frameset_ok = frameset_ok
        """Whether a ``<frameset>`` may still take the place of the body (13.2.4.5)."""
        self._stack: list[_Element] = []
        self._foreign = 0
        self._places: dict[tuple[bool, bytes], list[int]] = {}
        """Indexes in the stack by (whether it is HTML, name), so that an end tag need not search."""

    @property
    def in_foreign_content(self) -> bool:
        """Whether a foreign element is open, even if the current element is HTML again."""
        return self._foreign > 0

    @property
    def current_is_foreign(self) -> bool:
        """Whether ``<![CDATA[`` begins a CDATA section (13.2.5.42)."""
        return bool(self._stack) and self._stack[-1].namespace is not Namespace.HTML

    @property
    def in_template(self) -> bool:
        """Whether what comes goes into the contents of a template."""
        return bool(self._places.get((True, b"template")))

    def needs_attributes(self, name: bytes) -> bool:
        """Whether `start_tag` has to know the attributes of a tag of this name."""
        return self._foreign > 0 and name in (b"font", b"annotation-xml")

    def start_tag(
        self, name: bytes, *, self_closing: bool, attributes: Collection[bytes] = (), encoding: bytes = b""
    ) -> Namespace:
        """Open an element; give the namespace that it belongs to.

        `attributes` are the names of those it has, `encoding` is the value of that attribute.
        """
        current = self._stack[-1] if self._stack else None
        if current is not None and not _takes_html(current, name):
            if not (name in _BREAKOUT or (name == b"font" and not _BREAKOUT_FONT.isdisjoint(attributes))):
                if not self_closing:
                    self._push(current.namespace, name, _point_of(current.namespace, name, encoding))
                return current.namespace
            self._break_out()
        if name in (b"svg", b"math"):
            namespace = Namespace.SVG if name == b"svg" else Namespace.MATHML
            if not self_closing:
                self._push(namespace, name, _Point.NONE)
            return namespace
        if name == b"template" or (self._foreign and name not in _VOID and name not in _IGNORED_IN_BODY):
            self._push(Namespace.HTML, name, _Point.NONE)
        return Namespace.HTML

    def end_tag(self, name: bytes) -> None:
        """Close what the end tag of `name` closes, if anything."""
        if not self._stack:
            return
        current = self._stack[-1]
        if current.namespace is not Namespace.HTML:  # 13.2.6.5
            if name in (b"br", b"p"):
                self._break_out()
                return
            if self._close(is_html=False, name=name, above=current.last_html):
                return
        if name == b"template":
            self._close(is_html=True, name=name, above=-1)
        elif not self._close(is_html=True, name=name, above=current.last_barrier) and name in _HTML_END_TAGS:
            below = current.last_html
            is_outermost = self._foreign == len(self._stack) - 1 - below
            if is_outermost and current.last_barrier <= below:
                self._break_out()

    def _push(self, namespace: Namespace, name: bytes, point: _Point) -> None:
        is_html = namespace is Namespace.HTML
        index = len(self._stack)
        below = self._stack[-1] if self._stack else None
        is_barrier = point is not _Point.NONE or (is_html and name == b"template")
        self._stack.append(
            _Element(
                namespace,
                name,
                point,
                last_html=index if is_html else below.last_html if below else -1,
                last_barrier=index if is_barrier else below.last_barrier if below else -1,
            )
        )
        self._places.setdefault((is_html, name), []).append(index)
        self._foreign += not is_html

    def _pop(self) -> None:
        element = self._stack.pop()
        is_html = element.namespace is Namespace.HTML
        self._places[is_html, element.name].pop()
        self._foreign -= not is_html

    def _close(self, *, is_html: bool, name: bytes, above: int) -> bool:
        """Pop up to the last element of that kind, if it stands higher in the stack than `above`."""
        places = self._places.get((is_html, name))
        if not places or places[-1] <= above:
            return False
        index = places[-1]
        while len(self._stack) > index:
            self._pop()
        return True

    def _break_out(self) -> None:
        """Pop foreign elements until the current one takes HTML (13.2.6.5)."""
        while self._stack:
            current = self._stack[-1]
            if current.namespace is Namespace.HTML or current.point in (_Point.HTML, _Point.MATHML_TEXT):
                return
            self._pop()


def _point_of(namespace: Namespace, name: bytes, encoding: bytes) -> _Point:
    if namespace is Namespace.SVG:
        return _Point.HTML if name in _SVG_INTEGRATION else _Point.NONE
    if name in _MATHML_TEXT_INTEGRATION:
        return _Point.MATHML_TEXT
    if name == b"annotation-xml":
        return _Point.HTML if encoding.lower() in _HTML_ENCODINGS else _Point.MATHML_ANNOTATION
    return _Point.NONE


def _takes_html(current: _Element, name: bytes) -> bool:
    """Whether a start tag inside `current` follows the rules of HTML (13.2.6, the dispatcher)."""
    if current.namespace is Namespace.HTML or current.point is _Point.HTML:
        return True
    if current.point is _Point.MATHML_TEXT:
        return name not in (b"mglyph", b"malignmark")
    return current.point is _Point.MATHML_ANNOTATION and name == b"svg"
