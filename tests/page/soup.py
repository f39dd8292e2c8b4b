"""Pages put together from tokens at random, for the tests of this directory."""

from __future__ import annotations

import re

from hypothesis import strategies as st

# Two spaces stand between two tokens, so that one may hold a space.
_TOKENS = """
<!DOCTYPE html>  <html>  <head>  </head>  <body>  </body>  </html>  </BODY x='>'>  </body/>  <frameset>
<div>  </div>  <p>  </p>  <span class="a">  </span>  <b>  </b>  <br>  </br>  <img src=x>  <DIV TITLE = '>'>
text  a < b  &amp;  &#60;  <  >  </  =  "  '  /  -  !
<!x>  <?p?>  </3>  </>  <!  <!-  <?
<!-- -->  <!-->  <!--->  <!--  --!>  -->  <!-- x --!-->
<script>  </script>  <script src=x>  <script src="/x" defer>  <script  </script  <SCRIPT>  </script x>
<style>  </style>  <title>  </title>  <title>x</title>  <textarea>  </textarea>  <xmp>  </xmp>  <iframe>
</iframe>  <noembed>  </noembed>  <noframes>  </noframes>  <noscript>  </noscript>  <plaintext>
<template>  </template>  <form>  </form>  <table>  <td>  </table>  <meta charset=x>  <link rel="x">
<svg>  </svg>  <svg/>  <svg a="b">  <g>  </g>  <path/>  <path d="M0">
<foreignObject>  </foreignObject>  <desc>
<math>  </math>  <mi>  </mi>  <mglyph>  <annotation-xml encoding="text/html">  <annotation-xml>
<font color=red>  <font x>  <![CDATA[  ]]>  <?xml?>
<a href="//room.test/">  <A HREF=//room.test/x>  <a title='x>y' href='https://room.test?a=1#b'>  </a>
<a href="/">  <a class="b" href="https://else.test/">  <a href=/ href="//room.test/">
<a/href='//room.test/'/>
<iframe src="//room.test/">  <area href=//room.test>  <a data-chatsso href=//room.test/>
<a x=1/ href=//room.test>
<form action=//room.test/>  <form method=post action=//room.test/>
<a rel=nofollow href=//room.test/>
<script src=//room.test/widget.js>  <script data-code=old src='//room.test/widget.js' defer>
<a title="  <a href='  <a href="//room.test/" rel>
"""
_SPACE = ["\n", " ", "\f", "\0"]


def page_soup() -> st.SearchStrategy[bytes]:
    """Any row of tokens, most of which no author would write."""
    tokens = [token for token in re.split(r"  +|\n", _TOKENS) if token]
    return st.lists(st.sampled_from(tokens + _SPACE), max_size=40).map(lambda row: "".join(row).encode())
