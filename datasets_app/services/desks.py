"""With which editor an answer is worked on: its text, a form, labels by key, or two answers side by side."""

from __future__ import annotations

from datasets_app.core import pairs, samples
from datasets_app.core.codecs import CODECS
from datasets_app.core.contracts.model import Contract
from datasets_app.models import RevisionSource, Sample
from datasets_app.models.dataset import Desk
from datasets_app.pipeline.grading import checker_of


def desk_of(sample: Sample, content: samples.Sample) -> Desk:
    """The desk that the dataset names. Where it names none: a form if the contract has a schema, labels if it has
    labels, both answers if the sample came from a file of preference pairs, else the text. Two answers of models that
    were sent to be compared are compared, whatever the others are worked on with."""
    if pairs.is_pair(content) and _sent_as_pair(sample):
        return Desk.PAIR
    if sample.dataset.desk:
        wanted = Desk(sample.dataset.desk)
        return Desk.TEXT if wanted == Desk.PAIR and not pairs.is_pair(content) else wanted
    return by_contract(checker_of(sample.dataset).contract) or (
        Desk.PAIR if pairs.is_pair(content) and _came_as_pair(sample) else Desk.TEXT
    )


def by_contract(contract: Contract) -> Desk | None:
    """What a contract asks for; None where it leaves the choice to the content."""
    if contract.json:
        return Desk.FORM
    return Desk.LABELS if contract.labels else None


def digits_taken(sample: Sample) -> bool:
    """Whether the number keys choose labels or answers here, so that tags need another key beside."""
    if checker_of(sample.dataset).contract.labels:
        return True
    wanted = sample.dataset.desk
    if not sample.has_rejected:
        return False
    return wanted == Desk.PAIR or (not wanted and _came_as_pair(sample)) or _sent_as_pair(sample)


def _sent_as_pair(sample: Sample) -> bool:
    """Whether the last that came to it from an evaluation were two answers, of which one is the better one."""
    pair = RevisionSource.objects.filter(sample=sample).order_by("-id").values_list("pair", flat=True).first()
    return bool(pair)


def _came_as_pair(sample: Sample) -> bool:
    """Whether its file was one of preferences; an error beside its correction is no question of what is better."""
    codec = sample.upload.codec if sample.upload else ""
    return codec in CODECS and CODECS[codec].ranked
