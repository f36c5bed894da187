"""Markdown from admins, sanitised: one function for every place that shows it."""

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
TAGS = {"p", "br", "em", "strong", "ul", "ol", "li", "blockquote", "code", "pre", "h3", "h4", "a", "hr", "table", "thead", "tbody", "tr", "th", "td"}


def markdown(text: str) -> Markup:
    """Return safe HTML. Headings start at the third level, since the page has its own, and skip none; links open with ``noopener``."""
    tokens = _parser.parse(text or "")
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    first = headings[0].tag if headings else ""
    for token in headings:
        token.tag = "h3" if token.tag <= first else "h4"
    html = _parser.renderer.render(tokens, _parser.options, {})
    return Markup(nh3.clean(html, tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"}, link_rel="noopener nofollow"))  # noqa: S704, cleaned
