"""Writes goldens/curve.json: the losses of 200 steps of training a ResNet-20 in PyTorch, in double precision.

    python make_curve.py

Weights and batches come from a formula; curve.test.ts trains on the same. How far float32 strays from it here is
written beside it, for the tolerance.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

here = Path(__file__).parent
sys.path.append(str(here / "../../../../test/parity"))
from formula import uniform, weights  # noqa: E402
from networks import build  # noqa: E402

STEPS, BATCH, SIDE, CLASSES = 200, 16, 16, 10


def batch(step):
    """Noise, and a pattern for each class."""
    labels = ((uniform(f"labels {step}", BATCH) + 1) * 5).astype(int)
    noise = uniform(f"images {step}", BATCH * SIDE * SIDE * 3).reshape(BATCH, SIDE, SIDE, 3)
    patterns = np.stack([uniform(f"class {label}", SIDE * SIDE * 3).reshape(SIDE, SIDE, 3) for label in labels])
    images = (noise + 0.5 * patterns).astype(np.float32)
    return torch.from_numpy(images.transpose(0, 3, 1, 2).copy()), torch.from_numpy(labels)


def curve(dtype):
    model = build("resnet20").to(dtype).train()
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            value.copy_(torch.from_numpy(weights(name, tuple(value.shape), 1.0)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
    losses = []
    for step in range(STEPS):
        images, labels = batch(step)
        loss = F.cross_entropy(model(images.to(dtype)), labels, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    state = model.state_dict()
    sums = {name: state[name].double().sum().item() for name in ("bn1.running_mean", "layer3.2.bn2.running_var")}
    return losses, sums


losses, sums = curve(torch.float64)
single, _ = curve(torch.float32)
strays = np.abs(np.array(losses) - np.array(single))
print(f"losses {losses[0]:.3f} to {losses[-1]:.3f}; float32 strays by {strays.max():.2e} at most, {strays.mean():.2e} on average")
golden = {
    "losses": [round(loss, 7) for loss in losses],
    "sums": sums,
    "float32Strays": {f"{at}": float(f"{strays[:at].max():.2e}") for at in (10, 50, 100, 200)},
}
(here / "goldens" / "curve.json").write_text(json.dumps(golden, indent=1) + "\n")
