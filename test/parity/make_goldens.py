"""Writes goldens/*.json: PyTorch's logits for image.png, from the file to the classifier.

    python -m venv .venv && .venv/bin/pip install torch torchvision timm
    .venv/bin/python test/parity/make_goldens.py [names...]

The network runs in double precision on float32 weights and pixels, so that its logits can count as exact.
"""

import hashlib
import json
import math
import re
import sys
from pathlib import Path

import PIL
import timm
import torch
import torchvision
from PIL import Image
from torchvision.transforms import v2 as transforms

from formula import image, weights
from networks import build

HERE = Path(__file__).parent

NAMES = """
resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d resnext101_32x8d resnext101_64x4d
wide_resnet50_2 wide_resnet101_2 plain18 plain34 resnet50_v1 resnet101_v1 resnet152_v1
resnet18_a resnet34_c resnet50_a resnet50_c resnet18_v2 resnet34_v2 resnet50_v2 resnet101_v2 resnet152_v2 resnet50_a_v2
resnet20 resnet20_b resnet20_c resnet32 resnet56 resnet110 resnet110_b plain20 plain56
resnet20_v2 resnet20_b_v2 resnet20_c_v2 resnet110_v2 cifar_resnet50
seresnet18 seresnet50 seresnet20 resnet18_silu resnet18_maxpool seresnet20_v2_silu_maxpool
""".split()


def pixels(imagenet: bool) -> torch.Tensor:
    resize, crop = (256, 224) if imagenet else (32, 32)
    mean = (0.485, 0.456, 0.406) if imagenet else (0.4914, 0.4822, 0.4465)
    std = (0.229, 0.224, 0.225) if imagenet else (0.247, 0.2435, 0.2616)
    # On a PIL image, so that Pillow resizes: torchvision's own resize of tensors computes other pixels.
    image = transforms.CenterCrop(crop)(transforms.Resize(resize)(Image.open(HERE / "image.png").convert("RGB")))
    tensor = transforms.functional.pil_to_tensor(image).float() / 255
    return transforms.functional.normalize(tensor, mean, std)[None]


def golden(name: str) -> dict:
    net = build(name).double().eval()
    depth = int(re.search(r"\d+", name)[0])
    # The deeper a network is, the more sums it has: with this the values neither grow nor vanish.
    branch = 1 if name.startswith("plain") else round(min(0.6, 3 / math.sqrt(depth)), 2)
    state = {key: value for key, value in net.state_dict().items() if not key.endswith("num_batches_tracked")}
    with torch.no_grad():
        for key, value in state.items():
            value.copy_(torch.from_numpy(weights(key, tuple(value.shape), branch)))
        logits = net(pixels(imagenet=net.fc.out_features == 1000).double())[0]
    shapes = sorted(f"{key} {'x'.join(map(str, value.shape))}\n" for key, value in state.items())
    return {
        "architecture": name,
        "branch": branch,
        "logits": [round(value, 6) for value in logits[:64].tolist()],
        "std": logits.std(correction=0).item(),
        "argmax": logits.argmax().item(),
        "shapes": hashlib.sha256("".join(shapes).encode()).hexdigest(),
        "versions": {
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "timm": timm.__version__,
            "pillow": PIL.__version__,
        },
    }


if __name__ == "__main__":
    Image.fromarray(image(300, 280)).save(HERE / "image.png", optimize=True)
    (HERE / "goldens").mkdir(exist_ok=True)
    for name in sys.argv[1:] or NAMES:
        result = golden(name)
        print(name, "std", result["std"], "argmax", result["argmax"], flush=True)
        (HERE / "goldens" / f"{name}.json").write_text(json.dumps(result) + "\n")
