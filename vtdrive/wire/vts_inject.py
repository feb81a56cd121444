"""The request that carries a frame to VTube Studio, built once for a set of inputs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from vtdrive.wire.jsontext import JsonTemplate, Slot
from vtdrive.wire.vts import API_NAME, API_VERSION

__all__ = ["KIND", "Fade", "InjectTemplate"]

KIND: Final = "InjectParameterDataRequest"
_LONGEST_STEP_S: Final = 0.1


class InjectTemplate:
    """Encodes the values of `names` for one mode."""

    def __init__(
        self, names: Sequence[str], *, mode: Literal["set", "add"], rest: Mapping[str, float]
    ) -> None:
        """`rest` holds every name's value of a relaxed face."""
        self.names = tuple(names)
        self._rest = [rest[name] for name in self.names]
        self._adds = mode == "add"
        # VTube Studio knows no weights for `add`.
        weight = {} if self._adds else {"weight": Slot.SHORT}
        self._template = JsonTemplate(
            {
                "apiName": API_NAME,
                "apiVersion": API_VERSION,
                "requestID": Slot.TEXT,
                "messageType": KIND,
                "data": {
                    "faceFound": Slot.TEXT,
                    "mode": mode,
                    "parameterValues": [
                        {"id": name, **weight, "value": Slot.SHORT} for name in self.names
                    ],
                },
            }
        )

    def fill(
        self, values: Mapping[str, float], *, weight: float, found: bool, request_id: str
    ) -> str:
        """One frame. `weight` in [0, 1] is how far vtdrive has taken over; `values` are finite."""
        slots: list[object] = [f'"{request_id}"', "true" if found else "false"]
        for name, rest in zip(self.names, self._rest, strict=True):
            if self._adds:
                slots.append(weight * (values[name] - rest))
            else:
                slots += (weight, values[name])
        return self._template.fill(slots)


class Fade:
    """How far vtdrive has taken over: eases to 1 while a face is followed, to 0 without one."""

    def __init__(self, *, ease_ms: float) -> None:
        self._ease_s = ease_ms * 1e-3
        self._way = 0.0
        self._t_s: float | None = None

    @property
    def weight(self) -> float:
        """In [0, 1], without a jump in its speed at either end."""
        return self._way * self._way * (3.0 - 2.0 * self._way)

    def step(self, follow: bool, t_s: float) -> float:
        """The weight at `t_s`, given whether a face has been followed since the last call."""
        # A gap in the frames must not become a jump in the model.
        dt = 0.0 if self._t_s is None else min(_LONGEST_STEP_S, max(0.0, t_s - self._t_s))
        self._t_s = t_s
        step = 1.0 if self._ease_s <= 0.0 else dt / self._ease_s
        self._way = min(1.0, max(0.0, self._way + (step if follow else -step)))
        return self.weight
