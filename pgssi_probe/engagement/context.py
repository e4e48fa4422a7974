"""`[context]`: what the application is and for whom. It decides which rules of the guide have an object."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from pgssi_probe.model.outcome import Frozen

UserKind = Literal["patients", "professionals", "entities", "staff"]


class Context(Frozen):
    """Answers to the questions of the guide (`guide/data/applicability.yaml`). None, or no user at all, is no answer.

    `users`: patients and their relatives, outside professionals, legal persons, staff of the organisation itself.
    """

    users: tuple[UserKind, ...] = ()
    personal_data: bool | None = None
    health_data: bool | None = None
    sensitive_data: bool | None = None
    digital_health_service: bool | None = None
    public_authority: bool | None = None
    third_party_hosting: bool | None = None
    sis_exchange: bool | None = None
    telemedicine: bool | None = None
    online_commerce: bool | None = None

    @model_validator(mode="after")
    def _health_data_are_personal(self) -> Self:
        if self.health_data and self.personal_data is False:
            raise ValueError("health_personal")
        return self

    @property
    def answers(self) -> dict[str, bool | tuple[str, ...]]:
        """The questions that are answered, with their answers."""
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value for name, value in given.items() if value is not None and value != ()}
