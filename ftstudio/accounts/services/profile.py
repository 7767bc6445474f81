"""What a person says about themselves."""

from __future__ import annotations

from django.conf import settings

from ftstudio.accounts.models import User
from ftstudio.errors import InvalidInput, Text

from .checks import one_line

THEMES = ("", "light", "dark", "contrast")


def change(*, actor: User, name: str | None = None, language: str | None = None, theme: str | None = None) -> User:
    """Change what is given of the person's own name, language ("" follows the browser) and theme ("" the system)."""
    if language is not None and language not in ("", *dict(settings.LANGUAGES)):
        raise InvalidInput(language=Text("ftstudio does not speak this language."))
    if theme is not None and theme not in THEMES:
        raise InvalidInput(theme=Text("The theme is light, dark, contrast, or empty to follow the system."))
    given = {"name": name and one_line(name, field="name"), "language": language, "theme": theme}
    changed = [field for field, value in given.items() if value is not None and value != getattr(actor, field)]
    for field in changed:
        setattr(actor, field, given[field])
    if changed:
        actor.save(update_fields=changed)
    return actor
