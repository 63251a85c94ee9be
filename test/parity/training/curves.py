"""Writes goldens/curves/*.json: the losses of 200 steps of SGD in PyTorch, with the weights of ../formula.py.

    .venv/bin/python test/parity/training/curves.py formula
    .venv/bin/python test/parity/training/curves.py cifar10 PATH/cifar-10-binary.tar.gz

The losses are computed in double precision. Two runs in single precision that sum in different orders drift apart,
faster at higher learning rates: `drift` is the largest distance of such runs of PyTorch itself from the losses, in the
25 steps up to each. The rate warms up and few images are repeated, so that the loss falls from chance to nearly nothing
while the runs stay comparable.
"""

import json
import sys
import tarfile
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from formula import uniform, weights  # noqa: E402
from networks import build  # noqa: E402

STEPS, WARM_UP, WEIGHT_DECAY, BATCH = 200, 50, 5e-4, 32
# Images and learning rate.
CASES = {"formula": (320, 0.005), "cifar10": (128, 0.003)}


def formula_images(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise plus half of a pattern of the class, `[n, 16, 16, 3]`; curves.ts makes the same."""
    labels = np.arange(count) * 7 % 10

    def noise(name: str) -> np.ndarray:
        return uniform(name, 16 * 16 * 3).astype(np.float32)

    images = [noise(f"picture {i}") + noise(f"class {label}") / 2 for i, label in enumerate(labels)]
    return np.stack(images).reshape(count, 16, 16, 3), labels


def cifar_images(count: int, path: str) -> tuple[np.ndarray, np.ndarray]:
    """The first images of the training set, normalised, `[n, 32, 32, 3]`."""
    with tarfile.open(path) as archive:
        name = next(name for name in archive.getnames() if name.endswith("data_batch_1.bin"))
        records = np.frombuffer(archive.extractfile(name).read(count * 3073), np.uint8).reshape(count, 3073)
    pixels = records[:, 1:].reshape(count, 3, 32, 32).transpose(0, 2, 3, 1).astype(np.float32) / 255
    mean, std = np.array([[0.4914, 0.4822, 0.4465], [0.247, 0.2435, 0.2616]], np.float32)
    return (pixels - mean) / std, records[:, 0].astype(np.int64)


def losses(
    images: np.ndarray, labels: np.ndarray, rate: float, dtype: torch.dtype, layout=torch.contiguous_format, threads=1
) -> np.ndarray:
    torch.set_num_threads(threads)
    net = build("resnet20").to(dtype).train()
    with torch.no_grad():
        for key, value in net.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                value.copy_(torch.from_numpy(weights(key, tuple(value.shape), 1)))
    net = net.to(memory_format=layout)
    optimizer = torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9, nesterov=True, weight_decay=WEIGHT_DECAY)
    images = torch.from_numpy(images).permute(0, 3, 1, 2).to(dtype).contiguous(memory_format=layout)
    targets = torch.from_numpy(labels)
    result = []
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = rate * min(1, (step + 1) / WARM_UP)
        batch = slice(step * BATCH % len(labels), step * BATCH % len(labels) + BATCH)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images[batch]), targets[batch])
        loss.backward()
        optimizer.step()
        result.append(loss.item())
    return np.array(result)


if __name__ == "__main__":
    name, *path = sys.argv[1:]
    count, rate = CASES[name]
    data = cifar_images(count, *path) if path else formula_images(count)
    singles = [
        losses(*data, rate, torch.float32),
        losses(*data, rate, torch.float32, torch.channels_last),
        losses(*data, rate, torch.float32, threads=2),
    ]
    truth = losses(*data, rate, torch.float64)
    apart = np.max([np.abs(single - truth) for single in singles], axis=0)
    drift = [apart[max(0, step - 24) : step + 1].max() for step in range(STEPS)]
    print(name, "losses", truth[::20], "drift", np.array(drift[::20]))
    result = {
        "batch": BATCH,
        "images": count,
        "rate": rate,
        "warmUp": WARM_UP,
        "weightDecay": WEIGHT_DECAY,
        "losses": [float(f"{value:.9g}") for value in truth],
        "drift": [float(f"{value:.3g}") for value in drift],
        "versions": {"torch": torch.__version__},
    }
    (HERE / "goldens" / "curves").mkdir(parents=True, exist_ok=True)
    (HERE / "goldens" / "curves" / f"{name}.json").write_text(json.dumps(result) + "\n")
