"""What each trainer demands, as data: which rule at which severity, and with which limits.

Only documented facts are written here (facts/providers.md, sections 4 to 11). What is not documented, or only
believed, is left out and named in `uncertain`, so that a page can say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from datasets_app.core.contracts.model import Level
from ftstudio.errors import InvalidInput, Listed, Text

MB = 1 << 20
CHAT_ROLES = frozenset(("system", "user", "assistant"))
ROLES = CHAT_ROLES | {"tool"}
ALL_ROLES = ROLES | {"developer", "function"}
MESSAGE_KEYS = frozenset((
    "role", "content", "name", "tool_calls", "tool_call_id", "function_call", "weight", "refusal", "audio",
    "reasoning_content",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Profile:
    """One trainer's demands. `severity` holds only what differs from the rules' own severities.

    Limits: samples per file, bytes per file, tokens per sample, images per sample, bytes per image; None: none
    documented. `image_types` are the media subtypes that are taken (empty: not documented), `image_forms` the kinds of
    address (`images.kind_of`; a kept picture fits all), and `images` is False where pictures are not trained at all.
    `binary_weights`: a turn's weight must be 0 or 1, not in between. `call_ids`: a tool's result must name its call;
    else a result without an id answers the calls without one in their order, as formats without ids mean it.
    """

    name: str
    label: Text
    severity: Mapping[str, Level] = field(default_factory=dict)
    roles: frozenset[str] = ALL_ROLES
    message_keys: frozenset[str] = MESSAGE_KEYS
    min_samples: int | None = None
    max_samples: int | None = None
    max_file_bytes: int | None = None
    max_tokens: int | None = None
    max_images: int | None = None
    max_image_bytes: int | None = None
    image_types: frozenset[str] = frozenset()
    image_forms: frozenset[str] = frozenset(("url", "data", "file"))
    images: bool = True
    binary_weights: bool = False
    call_ids: bool = False
    uncertain: tuple[Text, ...] = ()


_WEB_IMAGES = frozenset(("jpeg", "png", "webp"))
_PAIRED: dict[str, Level] = {"turns-not-alternating": "error", "system-not-first": "error"}
_OPENAI: dict[str, Level] = {"special-token": "error", "message-key-unknown": "error"}

_ALL = (
    Profile("local", Text("Any trainer (no provider limits)")),
    Profile(
        "openai", Text("OpenAI"), _OPENAI, min_samples=10, max_file_bytes=512 * MB, max_images=10,
        call_ids=True, binary_weights=True,
        max_image_bytes=10 * MB, image_types=_WEB_IMAGES, image_forms=frozenset(("url", "data")),
        uncertain=(
            Text("The token limit of a training example depends on the base model; the known ones are not confirmed."),
        ),
    ),
    Profile(
        "azure", Text("Azure OpenAI"), _OPENAI, min_samples=10, max_file_bytes=512 * MB, max_images=64,
        call_ids=True, binary_weights=True, max_image_bytes=10 * MB, image_types=_WEB_IMAGES,
        image_forms=frozenset(("url", "data")),
    ),
    Profile(
        "siliconflow", Text("SiliconFlow"),
        {**_PAIRED, "first-turn-not-user": "error", "message-key-unknown": "error"},
        roles=CHAT_ROLES, message_keys=frozenset(("role", "content")), max_tokens=4096,
        images=False,
        uncertain=(Text("SiliconFlow documents no limit for the size of a file or the number of samples."),),
    ),
    Profile(
        "ark", Text("Volcengine Ark"), roles=ROLES, message_keys=MESSAGE_KEYS | {"loss_weight"},
        max_file_bytes=2048 * MB,
        uncertain=(Text("Ark publishes no minimum number of samples, and its format for tools is not documented."),),
    ),
    Profile(
        "together", Text("Together AI"), {**_PAIRED, "message-key-unknown": "error"}, roles=ROLES, min_samples=1,
        max_file_bytes=50_100_000_000, max_images=10, binary_weights=True,
        max_image_bytes=10 * MB, image_types=_WEB_IMAGES, image_forms=frozenset(("data",)),
        uncertain=(Text("Together documents tools, yet its own file check refuses the role “tool”."),),
    ),
    Profile(
        "fireworks", Text("Fireworks AI"), roles=ROLES, min_samples=3, max_samples=3_000_000, binary_weights=True,
    ),
    Profile(
        "zhipu", Text("Zhipu BigModel"), roles=ROLES, max_file_bytes=100 * MB,
        image_forms=frozenset(("url", "data")),
        uncertain=(
            Text("Zhipu advises several hundred samples; it states no minimum."),
            Text("Zhipu took the tuning of image understanding offline; its limits for images are not documented."),
        ),
    ),
    Profile(
        "dashscope", Text("Alibaba Model Studio (DashScope)"), roles=ROLES,
        message_keys=(MESSAGE_KEYS | {"loss_weight"}) - {"name", "weight"}, max_file_bytes=300 * MB,
        call_ids=True, max_tokens=131_072, max_image_bytes=10 * MB, image_forms=frozenset(("file",)),
        image_types=frozenset(("bmp", "jpeg", "png", "tiff", "webp")),
        uncertain=(
            Text("A job's own max_length (2,048 or 8,192 unless set) drops longer samples before this limit does."),
        ),
    ),
)  # fmt: skip

PROFILES: Mapping[str, Profile] = {profile.name: profile for profile in _ALL}


def get(name: str) -> Profile:
    """The profile of that name. Raises `InvalidInput` naming those there are."""
    if name not in PROFILES:
        raise InvalidInput(
            profile=Text("“{name}” is no profile: use one of {names}", name=name, names=Listed(PROFILES))
        )
    return PROFILES[name]
