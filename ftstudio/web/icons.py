"""The drawings: one stroke, 16 by 16 for icons; filled, 12 by 12 for severity signs. All our own."""

ICONS: dict[str, str] = {
    "check": '<path d="M3.5 8.5l3 3 6-7"/>',
    "cross": '<path d="M4 4l8 8M12 4l-8 8"/>',
    "plus": '<path d="M8 3v10M3 8h10"/>',
    "up": '<path d="M4 10l4-4 4 4"/>',
    "split": '<path d="M3 8h10M8 6V2.5M6 4.5L8 2.5l2 2M8 10v3.5M6 11.5l2 2 2-2"/>',
    "merge": '<path d="M3 8h10M8 2v4M6 4l2 2 2-2M8 14v-4M6 12l2-2 2 2"/>',
    "down": '<path d="M4 6l4 4 4-4"/>',
    "right": '<path d="M6 4l4 4-4 4"/>',
    "left": '<path d="M10 4L6 8l4 4"/>',
    "search": '<circle cx="7" cy="7" r="4"/><path d="M10 10l3.5 3.5"/>',
    "undo": '<path d="M6 3.5L2.5 7 6 10.5M3 7h6.5a3.5 3.5 0 010 7H7"/>',
    "play": '<path d="M5 3.5l7 4.5-7 4.5z"/>',
    "pause": '<path d="M5.5 3.5v9M10.5 3.5v9"/>',
    "stop": '<path d="M4.5 4.5h7v7h-7z"/>',
    "flag": '<path d="M4 14V2.5M4 3h8l-2 3 2 3H4"/>',
    "skip": '<path d="M3.5 4l5 4-5 4zM12 4v8"/>',
    "lock": '<path d="M4 7.5h8v6H4zM5.5 7.5V5.2a2.5 2.5 0 015 0v2.3"/>',
    "clock": '<circle cx="8" cy="8" r="5.5"/><path d="M8 5v3.2l2.2 1.3"/>',
    "upload": '<path d="M8 13V4M4.5 7L8 3.5 11.5 7"/>',
    "download": '<path d="M8 3v8M4.5 7.5L8 11l3.5-3.5M3 13.5h10"/>',
    "pencil": '<path d="M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3z"/>',
    "copy": '<path d="M6 6h7v7H6zM10 6V3H3v7h3"/>',
    "save": '<path d="M3 3h8l2 2v8H3zM5.5 3v3h4V3M5.5 13V9.5h5V13"/>',
    "branch": '<path d="M5 3v10M5 9c4 0 6-1 6-5"/><circle cx="5" cy="13" r="1"/><circle cx="11" cy="3.5" r="1"/>',
    "tray": '<path d="M2.5 9l2-6h7l2 6v4h-11zM2.5 9H6l1 1.8h2L10 9h3.5"/>',
    "list": '<path d="M3 4.5h10M3 8h10M3 11.5h6"/>',
    "person": '<circle cx="8" cy="5.5" r="2.5"/><path d="M3.5 13.5c.6-2.6 2.3-3.8 4.5-3.8s3.9 1.2 4.5 3.8"/>',
    "key": '<circle cx="5" cy="11" r="2.5"/><path d="M7 9l5.5-5.5M10.5 5.5l2 2"/>',
    "trash": '<path d="M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5"/>',
    "bell": '<path d="M4 11.5V7.5a4 4 0 018 0v4l1 1H3zM6.8 14h2.4"/>',
    "link": '<path d="M6.5 9.5l3-3M7 5l2-2a2.8 2.8 0 014 4l-2 2M9 11l-2 2a2.8 2.8 0 01-4-4l2-2"/>',
    "filter": '<path d="M2.5 4h11L9.5 8.5V13l-3-1.5v-3z"/>',
    "gear": (
        '<path d="M2.5 5h6M11.5 5h2M2.5 11h2M7.5 11h6"/>'
        '<circle cx="10" cy="5" r="1.5"/><circle cx="6" cy="11" r="1.5"/>'
    ),
    "refresh": '<path d="M13 8a5 5 0 11-1.5-3.5M13 2.5V5h-2.5"/>',
    "layers": '<path d="M8 2.5L14 6 8 9.5 2 6zM2.5 9L8 12.5 13.5 9"/>',
    "cube": '<path d="M8 2l5.5 3v6L8 14l-5.5-3V5zM2.5 5L8 8l5.5-3M8 8v6"/>',
    "chart": '<path d="M2.5 2.5v11h11M5 10.5l2.5-4 2.5 2 3-5"/>',
    "plug": '<path d="M6 2.5V6M10 2.5V6M4 6h8v2a4 4 0 01-8 0zM8 12v2"/>',
    "out": '<path d="M9 3H4v10h5M7 8h7M11.5 5.5L14 8l-2.5 2.5"/>',
    "info": '<circle cx="8" cy="8" r="5.5"/><path d="M8 7.5V11M8 5v.1"/>',
}

# Shape before colour: square, triangle, circle, tick.
SIGNS: dict[str, str] = {
    "error": '<rect x="1.5" y="1.5" width="9" height="9" rx="1"/>',
    "warning": '<path d="M6 1l5.4 9.8H.6z"/>',
    "hint": '<circle cx="6" cy="6" r="4.2"/>',
    "ok": '<path d="M4.7 10.4L1 6.7l1.5-1.5 2.2 2.2L9.5 2.6 11 4.1z"/>',
}

LOGO = (
    '<svg viewBox="0 0 22 22" aria-hidden="true"><rect width="22" height="22" rx="4" fill="currentColor"/>'
    '<path d="M4.5 8.5h13" stroke="var(--del-wash)" stroke-width="2" fill="none"/>'
    '<path d="M6.5 16.5l4.5-5 4.5 5" stroke="var(--ins-wash)" stroke-width="2" fill="none" '
    'stroke-linecap="round" stroke-linejoin="round"/></svg>'
)
