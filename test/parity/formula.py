"""Weights and an image from a formula, so that no weight file is kept. formula.ts makes the same weights."""

import math
import re

import numpy as np


def uniform(name: str, count: int) -> np.ndarray:
    """`count` numbers in [-1, 1): FNV-1a of the name, a step of the golden ratio per element, MurmurHash3's end."""
    start = 0x811C9DC5
    for byte in name.encode():
        start = (start ^ byte) * 0x01000193 % 2**32
    x = np.uint32(start) + np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return x / 2.0**31 - 1


def weights(name: str, shape: tuple[int, ...], branch: float, beta: float = 0) -> np.ndarray:
    """The float32 values of one parameter.

    `branch` scales the later convolutions of blocks, which keeps sums bounded. In batch norms, `beta` is added to the
    shifts of even channels and subtracted from the shifts of odd ones, so that few values are so near 0 that rounding
    decides whether a ReLU passes them.
    """
    u = uniform(name, math.prod(shape))
    if name.endswith("running_var"):
        values = 1 + 0.5 * u
    elif name.endswith("running_mean") or name.endswith("bias"):
        values = 0.2 * u
        if beta and name.endswith("bias") and name != "fc.bias":
            values += np.where(np.arange(values.size) % 2 == 0, beta, -beta)
    elif len(shape) == 1:
        values = 1 + 0.2 * u
    else:
        scale = math.sqrt((6 if len(shape) == 4 else 3) / math.prod(shape[1:]))
        if re.search(r"\.conv[23]\.weight$", name):
            scale *= branch
        values = scale * u
    return values.astype(np.float32).reshape(shape)


def image(width: int, height: int) -> np.ndarray:
    """An RGB image of rings and slopes with sharp edges, which is small as a PNG file."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    rings = (x * x + y * y) // 64
    return np.stack([rings % 256, (3 * x + y) // 2 % 256, (x // 20 + y // 12) % 2 * 160 + 40], axis=-1).astype(np.uint8)
