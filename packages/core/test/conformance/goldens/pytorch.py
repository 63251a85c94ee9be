"""Runs the rows of rows.ts on PyTorch in double precision and prints pytorch.json. From this folder, with Node
22.18 or later:

    node -e "import('../rows.ts').then(m => console.log(JSON.stringify(m.rows)))" | python pytorch.py > pytorch.json

For each row: the shape of the output, and about 24 of its values, every `step`-th in row-major order. The loss is the
sum of the output's elements, weighted by the same formula; of each of its gradients, about 12 values are printed.
"""

import json
import sys

import torch
import torch.nn.functional as F


def values(shape, seed, kind):
    """The formula of valuesOf in cases.ts."""
    i = torch.arange(int(torch.tensor(shape).prod()) if shape else 1)
    level = (i * 7919 + seed * 104729 + ((i * i) % 1009) * 31) % 2048
    signed = level.double() / 1024 - 1
    ranges = {
        "ties": (level % 5).double(),
        "signed": signed,
        "positive": signed.abs() + 0.125,
        "negative": -signed.abs() - 0.125,
    }
    return ranges[kind].reshape(shape)


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def padded(x, o, value):
    """x as [n, c, h, w] with its border, which may differ on all four sides."""
    p = o.get("padding", 0)
    p = [p] * 4 if isinstance(p, int) else [p[0], p[0], p[1], p[1]] if len(p) == 2 else p
    return F.pad(nchw(x), (p[2], p[3], p[0], p[1]), value=value)


def epilogue(y, inputs, o):
    rest = inputs[2:]
    if o.get("bias"):
        y = y + rest[0]
    if o.get("residual"):
        y = y + rest[-1]
    return y.relu() if o.get("relu") else y


def conv2d(i, o):
    y = F.conv2d(
        padded(i[0], o, 0), i[1], stride=o.get("stride", 1), dilation=o.get("dilation", 1), groups=o.get("groups", 1)
    )
    return epilogue(nhwc(y), i, o)


def matmul(i, o):
    a = i[0].T if o.get("transposeA") else i[0]
    b = i[1].T if o.get("transposeB") else i[1]
    return epilogue(a @ b, i, o)


def batch_norm(i, o):
    x, gamma, beta, mean, variance = i
    # F.batch_norm has no gradient for the statistics.
    y = (x - mean) / (variance + 1e-5).sqrt() * gamma + beta
    return y.relu() if o.get("relu") else y


def avg_pool(i, o):
    arguments = {"kernel_size": o["kernel"], "stride": o.get("stride")}
    y = F.avg_pool2d(padded(i[0], o, 0), **arguments)
    if not o.get("countIncludePad", True):
        y = y / F.avg_pool2d(padded(torch.ones_like(i[0]), o, 0), **arguments)
    return nhwc(y)


def pad(i, o):
    widths = [n for before_after in reversed(o["widths"]) for n in before_after]
    return F.pad(i[0], widths, value=o.get("value", 0)) if widths else i[0]


def take(i, o):
    steps = o.get("step", [1] * i[0].ndim)
    return i[0][tuple(slice(*bounds) for bounds in zip(o["begin"], o["end"], steps))]


def spread(i, o):
    y = torch.zeros(o["shape"], dtype=torch.float64)
    y[tuple(slice(b, b + (n - 1) * s + 1, s) for b, s, n in zip(o["begin"], o["step"], i[0].shape))] = i[0]
    return y


def moments(i, o):
    axes = tuple(range(i[0].ndim - 1))
    return torch.stack([i[0].mean(axes), i[0].var(axes, unbiased=False)])


def normalize(i, o):
    x, gamma, beta, *residual = i
    flat = x.reshape(-1, x.shape[-1])
    if len(flat) > 1:
        y = F.batch_norm(flat, None, None, gamma, beta, training=True, eps=1e-5).reshape(x.shape)
    else:
        y = (x - x) * gamma + beta  # PyTorch refuses a batch of one.
    y = y + residual[0] if residual else y
    return y.relu() if o.get("relu") else y


def binary(i, o):
    if o["kind"] == "gate":
        return torch.where(i[1] > 0, i[0], 0.0)
    return getattr(torch, o["kind"])(i[0], i[1])


def reduce(i, o):
    axes = o.get("axes", list(range(i[0].ndim)))
    function = {"sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin}[o["kind"]]
    return function(i[0], dim=axes, keepdim=o.get("keepDims", False))


OPERATIONS = {
    "conv2d": conv2d,
    "matmul": matmul,
    "unary": lambda i, o: getattr(F if o["kind"] == "silu" else torch, o["kind"])(i[0]),
    "binary": binary,
    "batchNorm": batch_norm,
    "maxPool2d": lambda i, o: nhwc(F.max_pool2d(padded(i[0], o, -torch.inf), o["kernel"], o.get("stride"))),
    "avgPool2d": avg_pool,
    "globalAvgPool": lambda i, o: i[0].mean((1, 2)),
    "pad": pad,
    "slice": take,
    "concat": lambda i, o: torch.cat(i, o["axis"]),
    "reshape": lambda i, o: i[0].reshape(o["shape"]),
    "softmax": lambda i, o: i[0].softmax(o["axis"]),
    "logSoftmax": lambda i, o: i[0].log_softmax(o["axis"]),
    "reduce": reduce,
    "argmax": lambda i, o: torch.as_tensor(i[0].detach().numpy().argmax(o["axis"])),
    "broadcast": lambda i, o: i[0].broadcast_to(o["shape"]),
    "spread": spread,
    "weightedSum": lambda i, o: sum(w * x for w, x in zip(i[0], i[1:])),
    "moments": moments,
    "normalize": normalize,
}

def sample(x, count):
    step = x.numel() // count | 1
    return [float(f"{v:.9g}") for v in x.flatten()[::step].tolist()]


def gradients(y, inputs):
    if not y.is_floating_point():
        return []
    # The seed of the loss in cases.ts.
    loss = (y * values(list(y.shape), 9, "signed")).sum()
    found = torch.autograd.grad(loss, inputs, allow_unused=True, materialize_grads=True) if loss.requires_grad else []
    return [sample(gradient.contiguous(), 12) for gradient in found]


goldens = []
for row in json.load(sys.stdin):
    o = row.get("options", {})
    ranges = ["positive" if row["op"] == "batchNorm" and n == 4 else o.get("range", "signed") for n in range(9)]
    shapes = [[int(extent) for extent in shape.split("x") if extent] for shape in row["inputs"]]
    inputs = [values(shape, n, ranges[n]).requires_grad_() for n, shape in enumerate(shapes)]
    y = OPERATIONS[row["op"]](inputs, o).contiguous()
    goldens.append({"shape": list(y.shape), "values": sample(y, 24), "gradients": gradients(y, inputs)})

print("[\n" + ",\n".join(json.dumps(golden) for golden in goldens) + "\n]")
