"""Forms for JSON answers: made from the contract's JSON Schema and the text of the answer, which stays the truth."""

from datasets_app.core.forms.building import form_of
from datasets_app.core.forms.editing import STEPS, step, with_values
from datasets_app.core.forms.faults import Fault, faults
from datasets_app.core.forms.fields import Field, Form, Option

__all__ = ["STEPS", "Fault", "Field", "Form", "Option", "faults", "form_of", "step", "with_values"]
