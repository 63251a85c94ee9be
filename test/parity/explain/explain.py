"""Writes goldens/*.json: where a network in PyTorch sees a class, what its blocks change, and its answer at each depth.

    .venv/bin/python test/parity/explain/explain.py [names...]      (.venv as in ../make_goldens.py)

The network is in double precision, on ../image.png and the weights of ../formula.py.
"""

import json
import sys
from pathlib import Path

import PIL
import torch
from PIL import Image
from torch.nn import functional as F
from torchvision.transforms import v2 as transforms

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from formula import weights  # noqa: E402
from networks import build  # noqa: E402

# The layer of the map, a class that the network sees there, and the side of the image.
CASES = {
    "resnet20": ("layer2", 3, 32),
    "resnet20_b": ("layer1.1", 9, 32),
    "resnet20_b_v2": ("layer2.1", 8, 32),
    "plain20": ("layer1", 6, 32),
    "resnet18": ("layer3", 538, 64),
    "resnet50": ("layer2.2", 253, 64),
}
# Small values, so that no class takes all of the probability.
BRANCH = 0.2
BETA = 0.5


def pixels(side: int, imagenet: bool) -> torch.Tensor:
    mean = (0.485, 0.456, 0.406) if imagenet else (0.4914, 0.4822, 0.4465)
    std = (0.229, 0.224, 0.225) if imagenet else (0.247, 0.2435, 0.2616)
    image = Image.open(HERE.parent / "image.png").convert("RGB")
    image = transforms.CenterCrop(side)(transforms.Resize(side)(image))
    tensor = transforms.functional.pil_to_tensor(image).float() / 255
    return transforms.functional.normalize(tensor, mean, std)[None].double()


def grad_cam(net, images, layer: str, index: int):
    """As in Selvaraju et al. 2017, at a module of the network."""
    kept = []
    handle = net.get_submodule(layer).register_forward_hook(lambda *call: kept.append(call[-1]))
    score = net(images)[0, index]
    handle.remove()
    (gradient,) = torch.autograd.grad(score, kept[0])
    cam = (gradient.mean((2, 3), keepdim=True) * kept[0]).sum(1, keepdim=True).relu()
    large = F.interpolate(cam, size=images.shape[2:], mode="bilinear", align_corners=False)
    return cam[0, 0].detach(), large[0, 0].detach()


def blocks_of(net):
    return [(name, module) for name, module in net.named_modules() if hasattr(module, "conv2")]


def branch_end(block):
    """The module that computes F(x)."""
    last = "3" if hasattr(block, "conv3") else "2"
    return getattr(block, ("conv" if getattr(block, "preactivation", False) else "bn") + last)


def effects(net, images):
    """For each block: the lengths of F(x) and of the change, relative to the shortcut's, and their cosine."""
    kept = {}
    handles = []

    def keep(key):
        # Copies, because torchvision's sums and ReLUs work in place.
        return lambda module, args, out: kept.update({key: (args[0].clone(), out.clone())})

    for name, block in blocks_of(net):
        handles.append(block.register_forward_hook(keep((name, "block"))))
        handles.append(branch_end(block).register_forward_hook(keep((name, "branch"))))
        if block.downsample is not None:
            handles.append(block.downsample.register_forward_hook(keep((name, "shortcut"))))
    net(images)
    for handle in handles:
        handle.remove()
    rows = []
    for name, block in blocks_of(net):
        x, h = kept[name, "block"]
        f = kept[name, "branch"][1]
        shortcut = x if block.downsample is None else kept[name, "shortcut"][1]
        length = shortcut.norm()
        cosine = (f * shortcut).sum() / (f.norm() * length)
        rows.append([(f.norm() / length).item(), cosine.item(), ((h - shortcut).norm() / length).item()])
    return rows


def answers(net, images, index: int):
    """The class, its probability and the probability of `index`, with every F(x) after each depth set to zero."""
    found = []
    blocks = blocks_of(net)
    for depth in range(len(blocks) + 1):
        later = [branch_end(block) for _, block in blocks[depth:]]
        handles = [module.register_forward_hook(lambda _, args, out: torch.zeros_like(out)) for module in later]
        scores = net(images)[0].softmax(0)
        for handle in handles:
            handle.remove()
        found.append([scores.argmax().item(), scores.max().item(), scores[index].item()])
    return found


def rounded(values):
    if isinstance(values, list):
        return [rounded(value) for value in values]
    return values if isinstance(values, int) else float(f"{values:.7g}")


def golden(name: str) -> dict:
    layer, index, side = CASES[name]
    net = build(name).double().eval()
    plain = name.startswith("plain")
    branch = 1 if plain else BRANCH
    with torch.no_grad():
        for key, value in net.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                value.copy_(torch.from_numpy(weights(key, tuple(value.shape), branch, BETA)))
    images = pixels(side, imagenet=net.fc.out_features == 1000)
    # Stages are sequences of blocks, so `layer2` means the output of its last block.
    cam, large = grad_cam(net, images, layer, index)
    with torch.no_grad():
        return {
            "architecture": name,
            "branch": branch,
            "beta": BETA,
            "side": side,
            "layer": layer,
            "class": index,
            "score": net(images)[0].softmax(0)[index].item(),
            "map": rounded(cam.tolist()),
            # Every eighth pixel of every eighth row, from the fourth on.
            "enlarged": rounded(large[3::8, 3::8].tolist()),
            "blocks": [] if plain else rounded(effects(net, images)),
            "depths": [] if plain else rounded(answers(net, images, index)),
            "versions": {"torch": torch.__version__, "pillow": PIL.__version__},
        }


if __name__ == "__main__":
    (HERE / "goldens").mkdir(exist_ok=True)
    for name in sys.argv[1:] or CASES:
        result = golden(name)
        values = [value for row in result["map"] for value in row]
        print(name, "map", min(values), max(values), "score", result["score"], "depths", result["depths"], flush=True)
        (HERE / "goldens" / f"{name}.json").write_text(json.dumps(result) + "\n")
