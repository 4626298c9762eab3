"""sum_i w_i x_i of arrays as they lie in safetensors files, each sum made in float64 and rounded once.

Each product w_i x_i and each addition, in the order of the inputs, is one float64 operation; the sum is then rounded to
the nearest value of the result's type, ties to even. numpy alone: a fused multiply-add would leave out a rounding, and
importing torch takes more memory than the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# How numpy sees each type; it has no bfloat16, which is the upper half of a float32.
STORAGE = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
# Values from here on are, or would round to, infinity.
OVERFLOW = {"F64": np.inf, "F32": np.inf, "F16": 65520.0, "BF16": 2.0**128 - 2.0**119}
# Elements that stay in a core's cache with their float64 sums.
BLOCK = 32768


class WeightedSum:
    """Sums with the same weights, one call after another, in memory taken once."""

    def __init__(self, weights: Sequence[float]) -> None:
        self.weights = weights
        self._sums = np.empty(BLOCK)
        self._terms = np.empty(BLOCK)
        self._bits = np.empty(BLOCK, np.uint32)

    def into(self, out: NDArray[Any], dtype: str, arrays: Sequence[NDArray[Any]], dtypes: Sequence[str]) -> bool:
        """Write the sums into ``out``; False when one is not finite, as when any input is not, even with weight 0.

        Args:
            out, dtype: One-dimensional, in the ``STORAGE`` of its type.
            arrays, dtypes: As long as ``out``, one for each weight, each in the ``STORAGE`` of its type.
        """
        with np.errstate(all="ignore"):
            for begin in range(0, len(out), BLOCK):
                block = slice(begin, begin + BLOCK)
                sums = self._sum([array[block] for array in arrays], dtypes)
                if not self._round(sums, out[block], dtype):
                    return False
        return True

    def _sum(self, arrays: Sequence[NDArray[Any]], dtypes: Sequence[str]) -> NDArray[np.float64]:
        sums, terms = self._sums[: len(arrays[0])], self._terms[: len(arrays[0])]
        for index, (array, dtype, weight) in enumerate(zip(arrays, dtypes, self.weights, strict=True)):
            # The first product is the start, not zero, which would turn -0 into 0.
            product = terms if index else sums
            np.copyto(product, self._widen(array) if dtype == "BF16" else array)
            np.multiply(product, weight, out=product)
            if index:
                np.add(sums, terms, out=sums)
        return sums

    def _widen(self, array: NDArray[np.uint16]) -> NDArray[np.float32]:
        bits = self._bits[: len(array)]
        np.copyto(bits, array)
        np.left_shift(bits, 16, out=bits)
        return bits.view(np.float32)

    def _round(self, sums: NDArray[np.float64], out: NDArray[Any], dtype: str) -> bool:
        if dtype == "BF16":
            return self._round_to_bfloat16(sums, out)
        np.copyto(out, sums, casting="same_kind")
        return _within(out if dtype != "F16" else sums, OVERFLOW[dtype])

    def _round_to_bfloat16(self, sums: NDArray[np.float64], out: NDArray[np.uint16]) -> bool:
        bits, lower = self._bits[: len(sums)], self._terms.view(np.uint32)[: len(sums)]
        singles = bits.view(np.float32)
        np.copyto(singles, sums, casting="same_kind")
        if not _within(singles, OVERFLOW["BF16"]):
            return False
        np.bitwise_and(bits, 0xFFFF, out=lower)
        halfway = np.flatnonzero(lower == 0x8000)
        np.add(bits, 0x8000, out=bits)
        np.right_shift(bits, 16, out=lower)
        np.copyto(out, lower, casting="same_kind")
        # Half was rounded up; and a float32 that is halfway may be so only because the sum was rounded to it.
        exact, single = np.abs(sums[halfway]), np.abs((bits[halfway] - 0x8000).view(np.float32))
        down = (exact < single) | ((exact == single) & (out[halfway] % 2 == 1))
        out[halfway[down]] -= 1
        return True


def _within(values: NDArray[Any], limit: float) -> bool:
    return bool(-limit < values.min() <= values.max() < limit)


def finite(array: NDArray[Any], dtype: str) -> bool:
    """Whether every value of a stored array is finite."""
    exponent = {"F64": 0x7FF << 52, "F32": 0xFF << 23, "F16": 0x1F << 10, "BF16": 0xFF << 7}[dtype]
    bits = array.view(f"<u{array.itemsize}")
    return not ((bits & exponent) == exponent).any()
