"""sum_i w_i x_i of arrays as they lie in safetensors files, each sum made in float64 and rounded once.

Each product w_i x_i and each addition, in the order of the inputs, is one float64 operation; the sum is then rounded to
the nearest value of the result's type, ties to even. (torch goes from float64 to bfloat16 and float16 by way of
float32, which rounds twice.) numpy alone: a fused multiply-add would leave out a rounding, and importing torch takes
more memory than the work.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reasoncore.model.fusion.tensor_files import FLOATS, Array

# A value of this size is, or would be rounded to, infinity.
OVERFLOW = {"F64": np.inf, "F32": np.inf, "F16": 65520.0, "BF16": 2.0**128 - 2.0**119}
# Elements summed at a time: few enough to stay in the cache, enough to make numpy's calls cheap.
BLOCK = 2**17


class WeightedSum:
    """Sums with the same weights, one call after another, in memory taken once.

    Args:
        weights: w_i.
        max_bytes: Size of the largest result.
    """

    def __init__(self, weights: Sequence[float], max_bytes: int) -> None:
        self._weights = weights
        self._result = np.empty(max_bytes, np.uint8)
        self._sums = np.empty(BLOCK)
        self._terms = np.empty(BLOCK)
        self._bits = np.empty(BLOCK, np.uint32)

    def sum(self, arrays: Sequence[Array], dtypes: Sequence[str], dtype: str) -> Array | None:
        """The sums as they lie in a file; None when one is not finite, as when any x_i is not, even with w_i = 0.

        Args:
            arrays: x_i, flat and of one length, as they lie in a file.
            dtypes: The types of the arrays, such as BF16.
            dtype: The type of the result, which is overwritten by the next call.
        """
        result = self._result.view(FLOATS[dtype])[: len(arrays[0])]
        with np.errstate(all="ignore"):
            for begin in range(0, len(result), BLOCK):
                block = slice(begin, begin + BLOCK)
                sums = self._sum([array[block] for array in arrays], dtypes)
                if not self._round(sums, result[block], dtype):
                    return None
        return result

    def _sum(self, arrays: Sequence[Array], dtypes: Sequence[str]) -> NDArray[np.float64]:
        sums, terms = self._sums[: len(arrays[0])], self._terms[: len(arrays[0])]
        for index, (array, dtype, weight) in enumerate(zip(arrays, dtypes, self._weights, strict=True)):
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

    def _round(self, sums: NDArray[np.float64], out: Array, dtype: str) -> bool:
        """Round into ``out``; False when a value is not finite."""
        if dtype == "BF16":
            return self._round_to_bfloat16(sums, out)
        np.copyto(out, sums, casting="same_kind")
        # numpy is slow to compare float16.
        return _within(sums if dtype == "F16" else out, OVERFLOW[dtype])

    def _round_to_bfloat16(self, sums: NDArray[np.float64], out: NDArray[np.uint16]) -> bool:
        bits, scratch = self._bits[: len(sums)], self._terms.view(np.uint32)[: len(sums)]
        singles = bits.view(np.float32)
        np.copyto(singles, sums, casting="same_kind")
        if not _within(singles, OVERFLOW["BF16"]):
            return False
        np.bitwise_and(bits, 0xFFFF, out=scratch)
        halfway = np.flatnonzero(scratch == 0x8000)
        np.add(bits, 0x8000, out=scratch)
        np.right_shift(scratch, 16, out=scratch)
        np.copyto(out, scratch, casting="same_kind")
        # That rounded every half up. Down goes an even half, and one that only the way through float32 made a half.
        exact, single, rounded = np.abs(sums[halfway]), np.abs(singles[halfway]), out[halfway]
        out[halfway] = rounded - ((exact < single) | ((exact == single) & (rounded % 2 == 1)))
        return True


def _within(values: Array, limit: float) -> bool:
    """Whether all are smaller than ``limit``, and none is NaN."""
    return bool(-limit < values.min() <= values.max() < limit)


def finite(array: Array, dtype: str) -> bool:
    """Whether all values of an array, as it lies in a file, are finite."""
    if dtype == "BF16":
        return not ((array & 0x7F80) == 0x7F80).any()
    return bool(np.isfinite(array).all())
