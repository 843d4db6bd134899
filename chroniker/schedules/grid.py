"""Ascending numbers that are cheap to count and to look into, without listing them."""

from collections.abc import Sequence
from typing import overload


class Grid(Sequence[int]):
    """Every ``outer * scale + inner``, in order, for ascending ``inner`` below ``scale``.

    Hours and minutes give the minutes of a day; days and seconds give the seconds of a month.
    """

    __slots__ = ("_inner", "_length", "_outer", "_scale")

    def __init__(self, outer: Sequence[int], inner: Sequence[int], scale: int) -> None:
        self._outer = outer
        self._inner = inner
        self._scale = scale
        self._length = len(outer) * len(inner)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._length))]
        if not -self._length <= index < self._length:
            raise IndexError(index)
        row, column = divmod(index % self._length, len(self._inner))
        return self._outer[row] * self._scale + self._inner[column]
