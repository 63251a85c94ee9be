"""Writes goldens/: small checkpoints in both containers of torch.save, and expected.json with their tensors.

    python make_goldens.py        (needs torch and numpy; made with torch 2.15.0 and numpy 2.4.6)

expected.json: {file: {name: {"dtype", "shape", "values"}}}, with the names that torch.load returns.
"""

import argparse
import collections
import json
import os
import pathlib
import pickle

import numpy
import torch

folder = pathlib.Path(__file__).parent / "goldens"
folder.mkdir(exist_ok=True)
expected = {}
dtypes = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}


def save(name, checkpoint, state, **options):
    """Saves in both containers: name.pth (zip) and name.th (legacy)."""
    for suffix, is_zip in ((".pth", True), (".th", False)):
        file = folder / (name + suffix)
        torch.save(checkpoint, file, _use_new_zipfile_serialization=is_zip, **options)
        if state is not None:
            expected[file.name] = {
                key: {"dtype": dtypes[t.dtype], "shape": list(t.shape), "values": t.flatten().double().tolist()}
                for key, t in state.items()
            }


def values(*shape, start=0):
    count = int(numpy.prod(shape))
    return ((torch.arange(count, dtype=torch.float32) * 7 + start) % 23 / 8 - 1).reshape(shape)


def small_network():
    """Convolution, batch norm (with its int64 counter) and classifier; keys as CIFAR repositories name them."""
    network = torch.nn.Module()
    network.conv1 = torch.nn.Conv2d(3, 2, 3, bias=False)
    network.bn1 = torch.nn.BatchNorm2d(2)
    network.linear = torch.nn.Linear(2, 3)
    for index, parameter in enumerate(network.state_dict().values()):
        parameter.copy_(values(*parameter.shape, start=index).to(parameter.dtype))
    return network


network = small_network()
state = network.state_dict()
wrapped = torch.nn.DataParallel(small_network()).state_dict()
optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9)

# An OrderedDict with the attribute _metadata.
save("state-dict", state, state)

training = {
    "epoch": 3,
    "args": argparse.Namespace(lr=0.1, layers=[1, 2], device=torch.device("cpu"), dtype=torch.float16, names={"a"}),
    "best_prec1": numpy.float64(91.25),
    "size": torch.Size([1, 2]),
    "milestones": collections.Counter([100, 150, 150]),
    "history": collections.defaultdict(list, {"loss": [0.5, 0.25]}),
    "large": 2**80,
    "negative": -(2**40),
    "optimizer": optimizer.state_dict(),
    "state_dict": wrapped,
}
save("training", training, wrapped)
save("model", {"best_prec1": torch.tensor(91.25), "model": state, "n": None, "ok": True}, state)
save("protocol4", training, wrapped, pickle_protocol=4)

every = {str(d).removeprefix("torch."): (values(2, 2) * 4).to(d) for d in dtypes}
every["scalar"] = torch.tensor(2.5)
every["empty"] = torch.zeros(0, 3)
save("dtypes", every, every)

base = values(4, 6)
strided = {
    "transposed": base.t(),
    "channels_last": values(2, 3, 2, 2).to(memory_format=torch.channels_last),
    "columns": base[1:3, ::2],
    "row": base[2],
    "half": base.half().t(),
    "bytes": torch.arange(6, dtype=torch.uint8).reshape(2, 3).t(),
    "long": torch.arange(6).reshape(2, 3).t(),
    "ones": torch.zeros(5).as_strided((1, 3, 1), (77, 1, 99)),
}
save("strided", strided, strided)

parameters = {"weight": torch.nn.Parameter(values(2, 2)), "frozen": torch.nn.Parameter(values(3), requires_grad=False)}
save("parameters", parameters, parameters)


class OldStorage:
    def __init__(self, key, length, view=None):
        self.id = ("storage", torch.FloatStorage, key, "cuda:0", length, view)


class OldTensor:
    def __init__(self, *args):
        self.args = args

    def __reduce__(self):
        return torch._utils._rebuild_tensor, self.args


class OldDict:
    """An OrderedDict as Python 2 pickled it: the items are an argument."""

    def __init__(self, items):
        self.items = items

    def __reduce__(self):
        return collections.OrderedDict, ([[key, value] for key, value in self.items.items()],)


class OldPickler(pickle.Pickler):
    def persistent_id(self, obj):
        return obj.id if isinstance(obj, OldStorage) else None


def save_old():
    """Writes a file like PyTorch 0.x: storages on a GPU, named parts of storages, and the first rebuild function."""
    elements = values(10)
    part = ("part", 4, 6)
    checkpoint = OldDict({
        "whole": OldTensor(OldStorage("root", 10), 0, (5, 2), (2, 1)),
        "part": OldTensor(OldStorage("root", 10, part), 0, (2, 3), (3, 1)),
        "column": OldTensor(OldStorage("root", 10, part), 1, (2,), (3,)),
    })
    with open(folder / "old.th", "wb") as file:
        for value in (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True}):
            pickle.dump(value, file, 2)
        OldPickler(file, 2).dump(checkpoint)
        pickle.dump(["root"], file, 2)
        file.write(numpy.int64(10).tobytes() + elements.numpy().tobytes())
    window = elements[4:]
    state = {"whole": elements.reshape(5, 2), "part": window.reshape(2, 3), "column": window[1::3]}
    expected["old.th"] = {k: {"dtype": "F32", "shape": list(t.shape), "values": t.flatten().tolist()} for k, t in state.items()}
    loaded = torch.load(folder / "old.th", map_location="cpu", weights_only=False)
    assert all(torch.equal(loaded[key], tensor) for key, tensor in state.items())


save_old()


# Files that must be refused.
class Attack:
    def __reduce__(self):
        return os.system, ("echo executed",)


save("attack", {"state_dict": {"weight": values(2)}, "extra": Attack()}, None)
torch.save(torch.nn.Linear(2, 2), folder / "module.pth")
save("tensor", values(2), None)
save("no-tensors", {"epoch": 1, "model": {"name": "resnet"}, **{str(i): 0 for i in range(5)}}, None)
save("expanded", {"weight": torch.zeros(1).expand(1000, 1000)}, None)
save("repeated", {f"weight{i}": base for i in range(100)}, None)
(folder / "plain-pickle.pkl").write_bytes(pickle.dumps({"weight": [1.0]}))

(folder / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
