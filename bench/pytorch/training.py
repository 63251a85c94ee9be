"""Trains a network with PyTorch, one step for each line `step` of standard input; bench/training/pytorch.mjs starts it.

    python training.py resnet20 problem.safetensors THREADS '{"rate": 0.05, "momentum": 0.9, "weightDecay": 0.0005}'

It uses PyTorch as one would on a CPU: channels-last, in eager mode, with oneDNN's kernels.
"""

import json
import struct
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[2] / "test" / "parity"))

from networks import build  # noqa: E402


def read_safetensors(path: str) -> dict[str, torch.Tensor]:
    data = Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            tensors[name] = torch.from_numpy(np.frombuffer(data[begin:end], np.float32).reshape(entry["shape"]).copy())
    return tensors


def megabytes(field: str) -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split(field + ":")[1].split()[0]) / 1024


def answer(value: dict) -> None:
    print(json.dumps(value), flush=True)


def main() -> None:
    name, path, threads, options = sys.argv[1:]
    options = json.loads(options)
    torch.set_num_threads(int(threads))
    # The temporary memory of the imports does not count.
    Path("/proc/self/clear_refs").write_text("5")
    baseline = megabytes("VmRSS")

    tensors = read_safetensors(path)
    images = tensors.pop("images").permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    labels = tensors.pop("labels").long()
    net = build(name).train()
    net.load_state_dict(tensors, strict=False)
    net = net.to(memory_format=torch.channels_last)
    del tensors
    optimizer = torch.optim.SGD(
        net.parameters(),
        lr=options["rate"],
        momentum=options["momentum"],
        weight_decay=options["weightDecay"],
        nesterov=True,
    )
    answer({"version": torch.__version__})
    for line in sys.stdin:
        if line.strip() == "memory":
            peak = megabytes("VmHWM")
            answer({"peak": peak, "increase": peak - baseline})
            continue
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images), labels)
        loss.backward()
        optimizer.step()
        value = loss.item()
        answer({"loss": value, "milliseconds": (time.perf_counter() - start) * 1000})


if __name__ == "__main__":
    main()
