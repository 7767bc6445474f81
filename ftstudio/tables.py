"""An operation for migrations. They hang on this module of ours alone, so it neither moves nor changes its meaning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class NewTables(Operation):
    """The tables that `operations` describe (CreateModel, and what is added to those very models), made in one go.

    What else is among them, a column for an older table with its index or constraint, is done afterwards one by one;
    at most one column for each table, as all of them know the tables only as they were before and are in the end.

    Django does the same one by one, and after each anew builds every model that is related to it. In a project where
    all hangs on a person and a project those are nearly all: sixty tables cost seconds, of which the database needs a
    few hundredths. Here the models are built once, when all are described.
    """

    def __init__(self, operations: Sequence[Any]) -> None:
        self.operations = list(operations)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.__dict__.pop("apps", None)  # the models as they were; whoever asks next has them built with the new ones
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for model in self._models(app_label, schema_editor, to_state):
            schema_editor.create_model(model)
        for operation in self._beside():
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for operation in reversed(self._beside()):  # an index is told by the columns it stands on, which go after it
            operation.database_backwards(app_label, schema_editor, from_state, from_state)
        for model in reversed(list(self._models(app_label, schema_editor, from_state))):
            schema_editor.delete_model(model)

    def describe(self) -> str:
        return f"Create {sum(operation.__class__.__name__ == 'CreateModel' for operation in self.operations)} tables"

    def _beside(self) -> list[Any]:
        """What is not part of the new tables."""
        new = {operation.name_lower for operation in self.operations if operation.__class__.__name__ == "CreateModel"}
        others = (one for one in self.operations if one.__class__.__name__ != "CreateModel")
        return [one for one in others if one.model_name_lower not in new]

    def _models(self, app_label: str, schema_editor: Any, state: ProjectState) -> Iterator[Any]:
        for operation in self.operations:
            if operation.__class__.__name__ == "CreateModel":
                model = state.apps.get_model(app_label, operation.name)
                if self.allow_migrate_model(schema_editor.connection.alias, model):
                    yield model
