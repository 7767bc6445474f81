"""The person's own keys on what they press: `{% load keys %}`, `<button {% key "accept" %}>… {% kbd "accept" %}`."""

from __future__ import annotations

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ftstudio.accounts import preferences
from ftstudio.accounts.keys import ACTS, printed
from ftstudio.accounts.preferences import Preferences

register = template.Library()


def _mine(context: Context) -> Preferences:
    user = context.get("user")
    return preferences.of(user) if user is not None and user.is_authenticated else Preferences()


@register.simple_tag(takes_context=True)
def key(context: Context, act: str) -> SafeString:
    """The attributes by which js/keys.js presses this element: the person's key, the chords, the act's name."""
    names = " ".join((_mine(context).key(act), *ACTS[act].chords))
    return format_html('data-key="{}" data-key-name="{}"', names, ACTS[act].label)


@register.simple_tag(takes_context=True)
def shift_key(context: Context, act: str) -> SafeString:
    """What the list of keys shows of an act that Shift turns into another; js/keys.js acts on it."""
    return format_html('data-key="shift+{}"', _mine(context).key(act))


@register.simple_tag(takes_context=True)
def kbd(context: Context, act: str) -> SafeString:
    """The person's key as it is printed on the button."""
    return format_html("<kbd>{}</kbd>", printed(_mine(context).key(act)))
