"""The networks that neither torchvision nor timm has, in PyTorch: CIFAR, plain, v1 stride and pre-activation."""

import re

import timm
import torch
import torchvision
from timm.layers import SEModule
from torch import nn
from torch.nn import functional as F


class OptionA(nn.Module):
    """Subsamples and pads with zero channels, like the CIFAR networks of He et al. 2015."""

    def __init__(self, stride: int, zeros: int):
        super().__init__()
        self.stride, self.zeros = stride, zeros

    def forward(self, x):
        half = self.zeros // 2
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, half, self.zeros - half))


class Zero(nn.Module):
    """No shortcut at all, as in a plain network."""

    def forward(self, x):
        return 0


def make_shortcut(kind: str, inputs: int, outputs: int, stride: int, preactivation: bool):
    changes = stride != 1 or inputs != outputs
    if kind == "none":
        return Zero()
    if kind == "C" or (kind == "B" and changes):
        projection = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
        return nn.Sequential(projection) if preactivation else nn.Sequential(projection, nn.BatchNorm2d(outputs))
    return OptionA(stride, outputs - inputs) if changes else nn.Identity()


class Block(nn.Module):
    def __init__(self, inputs: int, planes: int, stride: int, kind: str, bottleneck: bool, preactivation: bool, act, se):
        super().__init__()
        self.preactivation, self.kind, self.act = preactivation, kind, act
        outputs = planes * (4 if bottleneck else 1)
        # kernel and stride of each convolution, the stride of bottlenecks in the middle (v1.5)
        shapes = [(1, 1), (3, stride), (1, 1)] if bottleneck else [(3, stride), (3, 1)]
        self.depth = len(shapes)
        before = inputs
        for i, (kernel, step) in enumerate(shapes, 1):
            after = outputs if i == self.depth else planes
            setattr(self, f"conv{i}", nn.Conv2d(before, after, kernel, step, kernel // 2, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(before if preactivation else after))
            before = after
        self.se = SEModule(outputs, rd_ratio=1 / 16) if se else nn.Identity()
        self.downsample = make_shortcut(kind, inputs, outputs, stride, preactivation)

    def forward(self, x):
        y, around = x, x
        for i in range(1, self.depth + 1):
            conv, bn = getattr(self, f"conv{i}"), getattr(self, f"bn{i}")
            if self.preactivation:
                y = self.act(bn(y))
                if i == 1 and isinstance(self.downsample, nn.Sequential):
                    around = y
                y = conv(y)
            else:
                y = bn(conv(y))
                y = self.act(y) if i < self.depth else y
        y = self.se(y) + self.downsample(around)
        return y if self.preactivation else self.act(y)


class Net(nn.Module):
    def __init__(
        self,
        layers,
        width,
        classes,
        kind,
        bottleneck=False,
        preactivation=False,
        imagenet=False,
        act=F.relu,
        se=False,
        maxpool=False,
    ):
        super().__init__()
        self.preactivation, self.imagenet, self.act, self.maxpool = preactivation, imagenet, act, maxpool
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False) if imagenet else nn.Conv2d(3, width, 3, 1, 1, bias=False)
        if not preactivation:
            self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        self.stages = len(layers)
        for stage, count in enumerate(layers):
            planes, blocks = width * 2**stage, []
            for i in range(count):
                stride = 2 if i == 0 and stage > 0 else 1
                blocks.append(Block(inputs, planes, stride, kind, bottleneck, preactivation, act, se))
                inputs = planes * (4 if bottleneck else 1)
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        if preactivation:
            self.bn = nn.BatchNorm2d(inputs)
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.conv1(x)
        if not self.preactivation:
            x = self.act(self.bn1(x))
        if self.imagenet:
            x = F.max_pool2d(x, 3, 2, 1)
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        if self.preactivation:
            x = self.act(self.bn(x))
        return self.fc(x.amax((2, 3)) if self.maxpool else x.mean((2, 3)))


IMAGENET_LAYERS = {
    18: [2, 2, 2, 2],
    34: [3, 4, 6, 3],
    50: [3, 4, 6, 3],
    101: [3, 4, 23, 3],
    152: [3, 8, 36, 3],
}


def build(name: str) -> nn.Module:
    """torchvision's or timm's network with that name, or ours for names that neither has."""
    if hasattr(torchvision.models, name):
        return getattr(torchvision.models, name)(weights=None)
    if name.endswith("_v1"):
        net = getattr(torchvision.models, name.removesuffix("_v1"))(weights=None)
        for layer in (net.layer2, net.layer3, net.layer4):
            layer[0].conv1.stride, layer[0].conv2.stride = (2, 2), (1, 1)
        return net
    pattern = r"(cifar_)?(resnet|plain|seresnet)(\d+)(?:_([abc]))?(_v2)?(_silu)?(_maxpool)?"
    cifar, family, depth, option, v2, silu, maxpool = re.fullmatch(pattern, name).groups()
    depth, preactivation = int(depth), v2 is not None
    imagenet = depth in IMAGENET_LAYERS and not cifar
    if imagenet and (silu or maxpool or family == "seresnet"):
        act, pool = "silu" if silu else "relu", "max" if maxpool else "avg"
        return timm.create_model(f"{family}{depth}", act_layer=act, global_pool=pool)
    kind = "none" if family == "plain" else option.upper() if option else "B" if imagenet else "A"
    if imagenet:
        return Net(IMAGENET_LAYERS[depth], 64, 1000, kind, depth >= 50, preactivation, imagenet=True)
    variant = {"act": F.silu if silu else F.relu, "se": family == "seresnet", "maxpool": maxpool is not None}
    return Net([(depth - 2) // 6] * 3, 16, 10, kind, preactivation=preactivation, **variant)
