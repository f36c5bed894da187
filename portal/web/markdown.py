"""Markdown from admins, sanitised: one function for every place that shows it."""

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
TAGS = {"p", "br", "em", "strong", "ul", "ol", "li", "blockquote", "code", "pre", "h3", "h4", "a", "hr", "table", "thead", "tbody", "tr", "th", "td"}


def markdown(text: str) -> Markup:
    """Return safe HTML. Headings start at the third level, since the page has its own; links open with ``noopener``."""
    html = _parser.render(text or "")
    for level in (2, 1):
        html = html.replace(f"<h{level}>", f"<h{level + 2}>").replace(f"</h{level}>", f"</h{level + 2}>")
    return Markup(nh3.clean(html, tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"}, link_rel="noopener nofollow"))  # noqa: S704, cleaned
