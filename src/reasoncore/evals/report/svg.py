"""From a figure of matplotlib to an SVG for the page: its colours and typeface, and a fraction of the bytes.

Text stays text (``svg.fonttype`` none), ids are derived from the content of the figure, and nothing in the result
refers to the network, so the SVG is deterministic and the page works offline.
"""

from __future__ import annotations

import io
import re

from markupsafe import Markup
from matplotlib.figure import Figure

INK, MUTED, RULE, FIRST, SECOND = "#0b0c01", "#0b0c02", "#0b0c03", "#0b0c04", "#0b0c05"
CSS_OF = {
    INK: "currentColor",
    MUTED: "var(--muted)",
    RULE: "var(--rule)",
    FIRST: "var(--curve-1)",
    SECOND: "var(--curve-2)",
}
# The dots of a scatter, each a copy of one small disc; drawn as one path instead.
DOTS = re.compile(
    r'<defs>\n<path id="[^"]*" d="M 0 ([\d.]+)[^"]*"/>\n</defs>\n(<g [^>]*>)\n'
    r'((?:<use [^>]*style="fill: (#\w+); fill-opacity: ([\d.]+)"/>\n)+)</g>'
)
TICK_STYLE = re.compile(rf'(<use [^>]*) style="fill: {RULE}; stroke: {RULE}[^"]*"')


def to_svg(figure: Figure, salt: str, title: str) -> Markup:
    """The figure as an ``<svg>`` element; ``salt`` starts every id in it."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    head, body = svg.split(">", 1)
    head = re.sub(r' (xmlns(:xlink)?|version|width|height)="[^"]*"', "", head)
    body = re.sub(r'\bid="', f'id="{salt}-', re.sub(r'<g id="[^"]*"', "<g", body))
    body = re.sub(r'(url\(|href=")#', rf"\1#{salt}-", body)
    body = _small(re.sub(r"\n\s*", "\n", body))
    for marker, css in CSS_OF.items():
        body = body.replace(marker, css)
    return Markup(f'{head} role="img" aria-label="{title}">{body}')


def _small(svg: str) -> str:
    svg = TICK_STYLE.sub(r"\1", DOTS.sub(_one_path, svg))
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", svg)
    svg = svg.replace(" font-family: 'DejaVu Sans';", "")
    svg = re.sub(r' transform="rotate\(-0 [^"]*"', "", svg)
    # Tenths of a point are enough, in coordinates only: the text of a tick label must stay as it is.
    svg = re.sub(r' (d|x|y|transform)="[^"]*"', lambda found: re.sub(r"(\.\d)\d+", r"\1", found[0]), svg)
    return re.sub(r' d="[^"]*"', lambda found: re.sub(r"\s*([A-Z])\s+(?=[-\d])", r"\1", found[0]), svg)


def _one_path(found: re.Match[str]) -> str:
    """Round caps of strokes without length look like the discs."""
    radius, group, dots, colour, opacity = found.groups()
    places = "".join(f"M{x} {y}h0" for x, y in re.findall(r'x="([^"]*)" y="([^"]*)"', dots))
    style = f"stroke: {colour}; stroke-opacity: {opacity}; stroke-width: {2 * float(radius):g}; stroke-linecap: round"
    return f'{group}\n<path d="{places}" style="{style}"/>\n</g>'
