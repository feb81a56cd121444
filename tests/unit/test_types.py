"""`vtdrive.types`: values that nobody can change behind another stage's back."""

from __future__ import annotations

import dataclasses
import inspect

import numpy as np
import pytest

from vtdrive import types
from vtdrive.types import Emotion, Param, Profile, RigSchema, Status, frozen

VALUES = [c for _, c in inspect.getmembers(types, dataclasses.is_dataclass)]


def test_frozen_is_read_only_and_leaves_the_original_writable() -> None:
    mine = np.zeros(3, np.float32)
    view = frozen(mine)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
    mine[0] = 2
    assert view[0] == 2
    assert view.dtype == np.float32


def test_frozen_copies_what_is_not_f32() -> None:
    mine = np.zeros(3)
    view = frozen(mine)
    mine[0] = 2
    assert view.tolist() == [0, 0, 0]


@pytest.mark.parametrize("value", VALUES, ids=lambda c: c.__name__)
def test_values_are_frozen_and_slotted(value: type) -> None:
    params = value.__dataclass_params__  # type: ignore[attr-defined]
    assert params.frozen
    assert "__slots__" in vars(value)


@pytest.mark.parametrize("value", VALUES, ids=lambda c: c.__name__)
def test_values_with_arrays_compare_by_identity(value: type) -> None:
    """`==` on arrays is no bool: a generated __eq__ would raise inside a set or an `in`."""
    has_arrays = any("F32" in str(f.type) or "U8" in str(f.type) for f in dataclasses.fields(value))
    assert not (has_arrays and value.__dataclass_params__.eq)  # type: ignore[attr-defined]


def test_no_field_can_be_set() -> None:
    sample = Emotion(t_ns=0, probs=frozen(np.eye(8)[0]))
    with pytest.raises(dataclasses.FrozenInstanceError):
        sample.t_ns = 1  # type: ignore[misc]


def test_equal_profiles_are_one_key() -> None:
    assert {Profile(): 1, Profile("both", mirror=False): 2} == {Profile(): 2}


def test_schema_names_are_in_parameter_order() -> None:
    schema = RigSchema((Param("b"), Param("a")), ("Head",))
    assert schema.names == ("b", "a")


def test_live_outranks_held_outranks_lost() -> None:
    assert Status.LIVE > Status.HELD > Status.LOST
