"""Writes goldens/gradients/*.json: one training step of a network in PyTorch, with the weights of ../formula.py.

    .venv/bin/python test/parity/training/gradients.py [names...]      (.venv as in ../make_goldens.py)

The step is in double precision. Each tensor is kept as its length, a projection in which every element counts, and four
of its values. `float32` has the distance of PyTorch itself from these numbers in single precision.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from formula import uniform, weights  # noqa: E402
from networks import build  # noqa: E402

# Batch and side of the images. Batch norms see at least 16 values of a channel.
CASES = {
    "resnet20": (4, 16),
    "resnet20_b": (4, 16),
    "resnet20_c": (4, 16),
    "plain20": (4, 16),
    "resnet20_v2": (4, 16),
    "resnet20_b_v2": (4, 16),
    "resnet56": (4, 16),
    "seresnet20": (4, 16),
    "resnet20_silu": (4, 16),
    "resnet20_maxpool": (4, 16),
    "resnet18": (4, 64),
    "resnet50": (4, 64),
    "resnet50_v1": (4, 64),
    "resnet50_v2": (4, 64),
    "resnext50_32x4d": (4, 64),
    "wide_resnet50_2": (4, 64),
    "seresnet50": (4, 64),
}
# If rounding closes a ReLU that is open in exact arithmetic, a gradient jumps; with this, few values are so near 0.
BETA = 2.5
LABEL_SMOOTHING = 0.1


def digest(name: str, tensor: torch.Tensor) -> list[float]:
    values = tensor.detach().double().flatten().numpy()
    picked = [values[(2 * k + 1) * values.size // 8] for k in range(4)]
    return [float(np.linalg.norm(values)), float(values @ uniform(name, values.size)), *map(float, picked)]


def step(name: str, batch: int, side: int, dtype: torch.dtype) -> dict:
    net = build(name).to(dtype).train()
    state = {key: value for key, value in net.state_dict().items() if not key.endswith("num_batches_tracked")}
    with torch.no_grad():
        for key, value in state.items():
            value.copy_(torch.from_numpy(weights(key, tuple(value.shape), 1, BETA)))
    pixels = (math.sqrt(3) * uniform("images", batch * side * side * 3)).astype(np.float32)
    images = torch.from_numpy(pixels.reshape(batch, side, side, 3)).permute(0, 3, 1, 2).to(dtype)
    labels = (torch.arange(batch) * 37 + 5) % net.fc.out_features
    loss = F.cross_entropy(net(images), labels, label_smoothing=LABEL_SMOOTHING)
    loss.backward()
    return {
        "loss": loss.item(),
        "gradients": {key: digest(key, value.grad) for key, value in net.named_parameters()},
        "statistics": {key: digest(key, value) for key, value in state.items() if "running_" in key},
    }


def deviation(name: str, wanted: list[float], got: list[float], count: int) -> float:
    """The largest difference, relative to what is usual for the tensor's length; gradients.ts has the same."""
    usual = [wanted[0], wanted[0] / math.sqrt(3), *[max(abs(v), wanted[0] / math.sqrt(count)) for v in wanted[2:]]]
    return max(abs(a - b) / c for a, b, c in zip(wanted, got, usual))


def rounded(digests: dict[str, list[float]]) -> dict[str, list[float]]:
    return {key: [float(f"{value:.7g}") for value in values] for key, values in digests.items()}


def golden(name: str) -> dict:
    batch, side = CASES[name]
    truth, single = (step(name, batch, side, dtype) for dtype in (torch.float64, torch.float32))
    counts = {key: value.numel() for key, value in build(name).state_dict().items()}
    worst = {
        kind: max(deviation(key, truth[kind][key], single[kind][key], counts[key]) for key in truth[kind])
        for kind in ("gradients", "statistics")
    }
    return {
        "architecture": name,
        "batch": batch,
        "side": side,
        "beta": BETA,
        "labelSmoothing": LABEL_SMOOTHING,
        "loss": truth["loss"],
        "gradients": rounded(truth["gradients"]),
        "statistics": rounded(truth["statistics"]),
        "float32": {"loss": abs(single["loss"] / truth["loss"] - 1), **worst},
        "versions": {"torch": torch.__version__},
    }


if __name__ == "__main__":
    folder = HERE / "goldens" / "gradients"
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or CASES:
        result = golden(name)
        print(name, "loss", result["loss"], "float32", result["float32"], flush=True)
        (folder / f"{name}.json").write_text(json.dumps(result) + "\n")
