"""Writes goldens/optimizers.json: results of PyTorch's optimisers and schedules, and of the formulas of LARS and LAMB.

    python make_goldens.py

Weights and gradients come from formulas; optimizers.test.ts has the same ones.
"""

import json
import math
from pathlib import Path

import torch

STEPS = 6
SHAPES = {"conv.weight": (3, 4), "bn.weight": (5,)}


def weights():
    return {
        name: torch.tensor([math.sin(1 + 0.7 * i + len(shape)) for i in range(math.prod(shape))]).reshape(shape)
        for name, shape in SHAPES.items()
    }


def gradient(name, step):
    shape = SHAPES[name]
    values = [math.cos(0.3 * i + 1.7 * step + len(shape)) * (1 + step) for i in range(math.prod(shape))]
    return torch.tensor(values).reshape(shape)


def rate(step):
    return 0.1 / (1 + step)


def run(make, groups=lambda w, b: [{"params": [w]}, {"params": [b]}], clip=None):
    """Final values after STEPS steps of an optimiser of torch.optim."""
    parameters = {name: torch.nn.Parameter(value) for name, value in weights().items()}
    optimizer = make(groups(*parameters.values()))
    for step in range(STEPS):
        for name, parameter in parameters.items():
            parameter.grad = gradient(name, step)
        if clip:
            torch.nn.utils.clip_grad_norm_(parameters.values(), clip)
        for group in optimizer.param_groups:
            group["lr"] = rate(step) * group.get("factor", 1)
        optimizer.step()
    return listed(parameters)


def listed(tensors):
    return {name: value.detach().double().flatten().tolist() for name, value in tensors.items()}


def lars(momentum, decay, trust):
    """You et al. 2017, algorithm 1; one-dimensional parameters have momentum only."""
    w = {name: value.double() for name, value in weights().items()}
    v = {name: torch.zeros_like(value) for name, value in w.items()}
    for step in range(STEPS):
        for name in w:
            g = gradient(name, step).double()
            local, own = 1.0, 0.0
            if w[name].dim() > 1:
                own = decay
                local = trust * w[name].norm() / (g.norm() + decay * w[name].norm())
            v[name] = momentum * v[name] + rate(step) * local * (g + own * w[name])
            w[name] = w[name] - v[name]
    return listed(w)


def lamb(beta1, beta2, epsilon, decay):
    """You et al. 2020, algorithm 2; one-dimensional parameters have neither decay nor scaling."""
    w = {name: value.double() for name, value in weights().items()}
    m = {name: torch.zeros_like(value) for name, value in w.items()}
    v = {name: torch.zeros_like(value) for name, value in w.items()}
    for step in range(STEPS):
        for name in w:
            g = gradient(name, step).double()
            m[name] = beta1 * m[name] + (1 - beta1) * g
            v[name] = beta2 * v[name] + (1 - beta2) * g * g
            mean = m[name] / (1 - beta1 ** (step + 1))
            square = v[name] / (1 - beta2 ** (step + 1))
            change = mean / (square.sqrt() + epsilon)
            ratio = 1.0
            if w[name].dim() > 1:
                change = change + decay * w[name]
                ratio = w[name].norm() / change.norm()
            w[name] = w[name] - rate(step) * ratio * change
    return listed(w)


def decay_weights_only(decay):
    return lambda w, b: [{"params": [w], "weight_decay": decay}, {"params": [b], "weight_decay": 0}]


def schedule(make, steps, lr):
    """Learning rates of a schedule of torch.optim.lr_scheduler."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def warm(optimizer, after, steps, factor):
    from torch.optim.lr_scheduler import LinearLR, SequentialLR

    first = LinearLR(optimizer, start_factor=factor, end_factor=1, total_iters=steps)
    return SequentialLR(optimizer, [first, after], milestones=[steps])


SGD, AdamW = torch.optim.SGD, torch.optim.AdamW
S = torch.optim.lr_scheduler

goldens = {
    "optimizers": {
        "sgd": run(lambda g: SGD(g, lr=1)),
        "sgd, decay": run(lambda g: SGD(g, lr=1, weight_decay=0.1)),
        "sgd, momentum": run(lambda g: SGD(g, lr=1, momentum=0.9)),
        "sgd, momentum, decay": run(lambda g: SGD(g, lr=1, momentum=0.9, weight_decay=0.1)),
        "sgd, nesterov, decay": run(lambda g: SGD(g, lr=1, momentum=0.9, nesterov=True, weight_decay=0.1)),
        "sgd, nesterov, decay of weights": run(
            lambda g: SGD(g, lr=1, momentum=0.9, nesterov=True), decay_weights_only(0.1)
        ),
        "sgd, momentum, clip": run(lambda g: SGD(g, lr=1, momentum=0.9), clip=1.5),
        "sgd, momentum, rates": run(
            lambda g: SGD(g, lr=1, momentum=0.9),
            lambda w, b: [{"params": [w], "factor": 0.25}, {"params": [b], "factor": 1}],
        ),
        "adamw": run(lambda g: AdamW(g, lr=1)),
        "adamw, options": run(lambda g: AdamW(g, lr=1, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.2)),
        "adamw, decay of weights, clip": run(lambda g: AdamW(g, lr=1), decay_weights_only(0.1), clip=2),
        "lars": lars(0.9, 0.1, 0.02),
        "lamb": lamb(0.9, 0.999, 1e-6, 0.01),
        "lamb, options": lamb(0.8, 0.95, 1e-3, 0.2),
    },
    "schedules": {
        "step": schedule(lambda o: S.MultiStepLR(o, [5, 8], gamma=0.1), 12, 0.1),
        "cosine": schedule(lambda o: S.CosineAnnealingLR(o, 20, eta_min=0.01), 21, 0.5),
        "one cycle": schedule(lambda o: S.OneCycleLR(o, max_lr=0.4, total_steps=20), 20, 0.4),
        "one cycle, options": schedule(
            lambda o: S.OneCycleLR(o, max_lr=0.4, total_steps=30, pct_start=0.2, div_factor=10, final_div_factor=100),
            30,
            0.4,
        ),
        "warm-up, cosine": schedule(lambda o: warm(o, S.CosineAnnealingLR(o, 16), 4, 0.25), 20, 0.2),
        "warm-up, constant": schedule(lambda o: warm(o, S.ConstantLR(o, 1), 4, 0.1), 8, 0.2),
    },
}

path = Path(__file__).with_name("goldens") / "optimizers.json"
path.write_text(json.dumps(goldens, indent=1) + "\n")
