"""The documentation's pictures, drawn by code when it is built: ``.. picture:: partition``.

The SVG becomes a part of the page, so its text can be searched and copied, and its colours follow
the theme, light or dark. ``python -m docs.pictures NAME > picture.svg`` prints one.
"""

from docs.pictures import architecture, handover, lease, partition

PICTURES = {
    "architecture": architecture.draw,
    "handover": handover.draw,
    "lease": lease.draw,
    "partition": partition.draw,
}
