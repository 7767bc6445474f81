"""Ark's description as data: what its connection asks for, its parameters and what can be asked of it."""

from __future__ import annotations

from typing import Any

from ftstudio.errors import Text
from jobs_app.core.recipes import Parameter
from jobs_app.providers._parameters import parameter
from jobs_app.providers.base import BaseModel, Capabilities, Setting

PROVIDER = ()  # no provider lives in this module; the registry passes it by

_CHECKED = "2026-11-20"
_API = f"Volcengine Ark API 2024-01-01 and volcengine-python-sdk 5.0.54, {_CHECKED}"
_CASE = "a published SFT of Doubao on Ark with 42 samples"
_MODEL_DECIDES = f"{_API}: the range depends on model and method and is not published"

SETTINGS = (
    Setting("access_key", Text("Access key ID"), help=Text("Of a user who may manage Ark and write to the bucket.")),
    Setting("credential", Text("Secret access key"), secret=True, help=Text("Signs requests and is never sent.")),
    Setting(
        "api_key",
        Text("API key for calls"),
        secret=True,
        required=False,
        help=Text("Opens the tuned models for questions; Ark keeps it apart from the keys that manage jobs."),
    ),
    Setting(
        "tos_bucket",
        Text("TOS bucket"),
        required=False,
        help=Text("Training files are put here, in the region Beijing. Ark reads no other files."),
    ),
    Setting("tos_path", Text("Folder in the bucket"), default="ftstudio", required=False),
    Setting(
        "training_dataset",
        Text("Training dataset"),
        required=False,
        help=Text(
            "Only without a bucket: a dataset of the platform (ds-…:dsv-…) into which you have put the exported "
            "file. What it holds is trained, whatever the snapshot says."
        ),
    ),
    Setting(
        "validation_dataset",
        Text("Validation dataset"),
        required=False,
        help=Text("Only without a bucket: likewise for the validation rows."),
    ),
    Setting("project_name", Text("Project in the console"), default="default", required=False),
    Setting(
        "preset_dataset",
        Text("Preset dataset to mix in"),
        required=False,
        help=Text("The version (dsv-…) of a preset dataset; the job says how much of it. Empty: as Ark chooses."),
    ),
    Setting(
        "preset_data",
        Text("Name of the preset data"),
        required=False,
        confirmed=False,
        help=Text("Sent with the mixing share where Ark asks for a name; its values are not published."),
    ),
    Setting(
        "pause_action",
        Text("Action that pauses a job"),
        default="PauseModelCustomizationJob",
        required=False,
        confirmed=False,
        help=Text("Ark can pause jobs, but its API description does not name the action."),
    ),
    Setting("base_url", Text("Address of the control plane"), default="https://ark.cn-beijing.volcengineapi.com"),
    Setting(
        "chat_url",
        Text("Address for calls"),
        default="",
        required=False,
        address=True,
        help=Text("Leave empty for Ark's own data plane."),
    ),
    Setting(
        "tos_url",
        Text("Address of the object storage"),
        default="",
        required=False,
        address=True,
        help=Text("Leave empty for TOS in Beijing."),
    ),
)

CAPABILITIES = Capabilities(
    source=_API,
    checked_on=_CHECKED,
    methods=("supervised", "dpo"),
    tools=None,
    images=None,
    validation_split=True,
    pause=None,
    checkpoints=True,
    marker=True,
    deploys=True,
    minimum_rows=1,
    suffix_max=0,
    name_rule="ark",
)

# The models that can be tuned change by account, and no list of them is published: any name@version is taken.
BASE_MODELS: tuple[BaseModel, ...] = ()


def _dropout(name: str, where: Text) -> Parameter:
    label = Text("Dropout ({where})", where=where)
    help = Text("The share of these values that is left out at random in each step.")
    more: dict[str, Any] = {"extra": True, "methods": ("supervised", "dpo"), "confirmed": False}
    return Parameter(name, label, "float", 0, 1, None, help, _MODEL_DECIDES, **more)


PARAMETERS: tuple[Parameter, ...] = (
    parameter("tuning", "choice", default="lora", source=_API, choices=("lora", "full")),
    parameter("epochs", "int", 1, source=_MODEL_DECIDES, confirmed=False),
    parameter("batch_size", "int", 1, source=_MODEL_DECIDES, confirmed=False),
    parameter("learning_rate", "float", 0, source=_MODEL_DECIDES, above_minimum=True, confirmed=False),
    parameter("warmup_ratio", "float", 0, 1, source=_MODEL_DECIDES, confirmed=False),
    parameter("lora_rank", "int", 32, 64, source=_CASE, choices=("32", "64"), confirmed=False),
    parameter(
        "lora_alpha",
        "int",
        1,
        source=_MODEL_DECIDES,
        confirmed=False,
        help=Text("How strongly the adapter counts; Ark works with alpha divided by the square root of the rank."),
    ),
    parameter("beta", "float", 0, source=_MODEL_DECIDES, above_minimum=True, confirmed=False, methods=("dpo",)),
    Parameter(
        "mix_percent",
        Text("Preset data in the mix"),
        "int",
        1,
        99,
        help=Text(
            "Percent of the final mix that are Ark's own general rows; 15 to 30 are advised. They are billed as well."
        ),
        source=_API,
        methods=("supervised",),
    ),
    parameter("validation_percent", "int", 1, 99, source=_API, confirmed=False),
    parameter("checkpoints", "int", 1, 10, source=_API),
    Parameter(
        "save_model_per_epoch",
        Text("Models per epoch"),
        "int",
        0,
        10,
        help=Text("How many states of the model each epoch leaves."),
        source=_CASE,
        extra=True,
        confirmed=False,
    ),
    Parameter(
        "dyn_bsz",
        Text("Dynamic batches"),
        "choice",
        choices=("true", "false"),
        help=Text("Short examples share a sequence, so nothing is spent on padding."),
        source=_CASE,
        extra=True,
        confirmed=False,
    ),
    _dropout("resid_dropout", Text("residual")),
    _dropout("embd_dropout", Text("embedding")),
    _dropout("attn_dropout", Text("attention")),
)
