"""How fast a page goes through the rewriter, beside a copy of its bytes and one search through it.

Run ``python benchmarks/rewriter.py``. The page is made up: navigation, articles with their own and foreign
links, icons in SVG, scripts with JSON, comments, a table and a form, and three links to the chat. The ways
take turns within each round, so that what else the machine does hits all of them; printed is the median over
the rounds, in microseconds a page and in megabytes (10**6 bytes) a second, and how many searches one takes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from chatsso_middleware.page.edits import AddParameters, LinkEdit, PageEdits, ThroughGateway
from chatsso_middleware.page.rewriter import Rewriter, rewrite

SIZES = {"5 KB": 5_000, "50 KB": 50_000, "500 KB": 500_000}
ROUNDS = 31
SECONDS_A_SAMPLE = 0.004

HEAD = b"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Members' news &amp; views</title>
<link rel="stylesheet" href="/static/site.css"><link rel="icon" href="/static/icon.png" type="image/png">
<style>.nav > li { display: inline-block } a:hover { color: #06c }</style>
<script src="/static/site.js" defer></script>
<script type="application/ld+json">
{"@context": "https://schema.org", "@type": "WebSite", "url": "https://site.test/"}</script>
</head>
<body class="home page">
<!-- navigation -->
<ul class="nav"><li><a href="/">Home</a></li><li><a class="active" href="/news/">News</a></li>
<li><a href="https://room.discussionchatroom.test/">Chat</a></li>
<li><a href="https://site.test/members?sort=name&amp;page=2">Members</a></li></ul>
<form action="/search" method="get" role="search">
<input type="search" name="q" placeholder="Search"></form>
"""
ARTICLE = b"""<article id="post-1234" class="post type-post status-publish format-standard hentry">
<h2 class="entry-title"><a href="https://site.test/2024/05/a-story/" rel="bookmark">A story</a></h2>
<p class="meta"><span class="author">by <a href="/author/ann">Ann</a></span> &middot;
<time datetime="2024-05-01">May 1</time>
<a class="share" href="https://social.test/share?u=https%3A%2F%2Fsite.test%2F2024%2F05%2F" target="_blank">
<svg class="icon" viewBox="0 0 24 24" width="24" height="24"><title>Share</title>
<path d="M4 12v8h16v-8M12 3v13M7 8l5-5 5 5"/></svg></a></p>
<p>Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore
et dolore magna aliqua. Ut enim ad minim veniam, quis nostrud <em>exercitation</em> ullamco laboris nisi
ut aliquip ex ea commodo.</p>
<p>Duis aute irure dolor in reprehenderit in voluptate velit esse cillum dolore eu fugiat nulla pariatur,
where 1 < 2. <img src="/media/2024/05/picture-768x512.jpg" alt="A picture" width="768" height="512"
loading="lazy" srcset="/media/2024/05/picture-300x200.jpg 300w, /media/2024/05/picture-768x512.jpg 768w"></p>
<!-- comments of the story -->
<table class="data"><tr><td>1</td><td class="n">2.50</td></tr>
<tr><td>3</td><td class="n">4.75</td></tr></table>
<div class="more"><a href="#top">Up</a> <a href="mailto:ann@site.test">Mail</a>
<a href="/2024/05/a-story/#comments">7 comments</a></div>
<script>window.stories = window.stories || [];
window.stories.push({"id": 1234, "n": 1 < 2 && 3 > 2});</script>
</article>
"""
FOOT = b"""<footer><p><a href="https://room.discussionchatroom.test/?room=lobby#now">Talk to us</a>
<a href='//room.discussionchatroom.test/help'>Help</a></p></footer>
</body>
</html>
"""

PARAMETERS = AddParameters((("access_token", "88SngRlfrqL"), ("rememberMe", "0")))
HOSTS = frozenset({"room.discussionchatroom.test"})
TAG = b'<img border="0" width="1" height="1" alt="" src="//room.discussionchatroom.test/sso/token/login?t=T">'


def page_of(size: int) -> bytes:
    """A page of about `size` bytes."""
    articles = max(1, round((size - len(HEAD) - len(FOOT)) / len(ARTICLE)))
    return HEAD + ARTICLE * articles + FOOT


def chunked(page: bytes, edits: PageEdits, size: int) -> bytes:
    """`page`, edited in chunks of `size` bytes."""
    rewriter = Rewriter(edits)
    return b"".join(
        [
            *(rewriter.feed(page[start : start + size]) for start in range(0, len(page), size)),
            rewriter.close(),
        ]
    )


def ways() -> dict[str, Callable[[bytes], object]]:
    """What is measured, by name."""
    direct = PageEdits(
        TAG, (LinkEdit(HOSTS, PARAMETERS, scripts=frozenset({"/js/embed.js"}), noreferrer=True),)
    )
    gateway = PageEdits(b"", (LinkEdit(HOSTS, ThroughGateway("/chatsso/go", "website_toolbox")),))
    return {
        "copy of the bytes": lambda page: bytes(bytearray(page)),
        "one search, no find": lambda page: page.find(b"discussionchatroom.invalid"),
        "tag and links": lambda page: rewrite(page, direct),
        "links alone": lambda page: rewrite(page, gateway),
        "tag alone": lambda page: rewrite(page, PageEdits(TAG)),
        "tag and links, 8 KB chunks": lambda page: chunked(page, direct, 8192),
    }


def sample(way: Callable[[bytes], object], page: bytes, times: int) -> float:
    """Seconds a page, over `times` pages."""
    start = time.perf_counter()
    for _ in range(times):
        way(page)
    return (time.perf_counter() - start) / times


def main() -> None:
    """Measure, and print a table for each size of page."""
    for label, size in SIZES.items():
        page = page_of(size)
        times = {name: max(1, int(SECONDS_A_SAMPLE / sample(way, page, 3))) for name, way in ways().items()}
        samples: dict[str, list[float]] = {name: [] for name in times}
        for _ in range(ROUNDS):
            for name, way in ways().items():
                samples[name].append(sample(way, page, times[name]))
        medians = {name: statistics.median(of_one) for name, of_one in samples.items()}
        search = medians["one search, no find"]
        print(f"{label} ({len(page)} bytes), median of {ROUNDS} rounds")
        for name, median in medians.items():
            rate = len(page) / median / 1e6
            print(f"  {name:<28}{median * 1e6:>10.1f} us{rate:>10.0f} MB/s{median / search:>8.1f} searches")


if __name__ == "__main__":
    main()
