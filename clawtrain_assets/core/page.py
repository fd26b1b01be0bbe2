"""Report pages: one look, nothing loaded from elsewhere, no script, no conversation text."""

from collections.abc import Callable, Mapping
from typing import Any


def render_page(template: str, filters: Mapping[str, Callable[..., str]], **values: Any) -> str:
    """A self-contained HTML page from a template below ``core`` that extends ``page.html``."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # reports alone need it

    environment = Environment(
        loader=PackageLoader("clawtrain_assets.core", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= filters
    return environment.get_template(template).render(**values)
