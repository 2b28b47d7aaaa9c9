"""Prepared functions, kept by what they were prepared for."""

from collections.abc import Hashable

from torch import Tensor

from meddistill_gui.engine.student_step import Form, Function


def made_for(function: Function, form: Form, tensors: tuple[Tensor, ...]) -> Hashable:
    """What a preparation holds for: this function and form, and tensors of these shapes, types and places."""
    kinds = tuple((tuple(one.shape), one.stride(), one.dtype, one.device) for one in tensors)
    return function, form, kinds
