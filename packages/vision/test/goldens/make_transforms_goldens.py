"""Makes transforms.json with the SHA-256 of the bytes that torchvision's transforms return for Pillow images.

    python make_transforms_goldens.py

For a whole preprocessing, these are the bytes of the float32 values in the order height, width, channels.
"""

import hashlib
import json
from pathlib import Path

import PIL
import torch
import torchvision
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Normalize, Resize, ToTensor

from images import image

# Width, height, new short side.
RESIZES = [
    (1, 1, 5), (7, 7, 7), (64, 48, 48), (48, 64, 48), (64, 48, 32), (48, 64, 32), (451, 300, 256), (300, 451, 256),
    (127, 131, 61), (131, 127, 61), (500, 375, 232), (333, 500, 224), (3, 200, 5), (200, 3, 5), (99, 100, 33),
]
# Width, height, crop width, crop height: every parity, nothing to crop, and images too small in one side or both.
CROPS = [(w, h, cw, ch) for w, h in ((20, 17), (21, 16), (23, 18), (22, 19)) for cw, ch in ((10, 7), (9, 8), (20, 16))]
CROPS += [
    (9, 9, 9, 9), (384, 256, 224, 224), (256, 341, 224, 224), (1, 1, 4, 4), (1, 1, 5, 5), (10, 4, 7, 9), (4, 10, 9, 7),
    (5, 5, 8, 2), (5, 6, 7, 8), (31, 33, 32, 32), (32, 32, 224, 224), (3, 50, 10, 10), (50, 3, 11, 10),
]
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
CIFAR = {"mean": [0.4914, 0.4822, 0.4465], "std": [0.247, 0.2435, 0.2616]}
# Width, height, short side, crop, filter, normalisation.
PREPROCESSINGS = [
    (451, 300, 256, 224, "bilinear", IMAGENET), (300, 451, 256, 224, "bicubic", IMAGENET),
    (640, 427, 232, 224, "bilinear", IMAGENET), (60, 40, 32, 32, "bilinear", CIFAR), (32, 32, 32, 32, "nearest", CIFAR),
    (100, 75, 48, 64, "lanczos", IMAGENET), (200, 90, 40, 33, "box", CIFAR), (90, 200, 41, 32, "hamming", IMAGENET),
]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def main() -> None:
    golden = {
        "versions": {
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "pillow": PIL.__version__,
        },
        "resizeShortest": [],
        "centerCrop": [],
        "preprocess": [],
    }
    for width, height, size in RESIZES:
        resized = Resize(size)(image("noise", width, height))
        case = {"width": width, "height": height, "size": size}
        golden["resizeShortest"].append({**case, "result": list(resized.size), "sha256": digest(resized.tobytes())})
    for width, height, crop_width, crop_height in CROPS:
        cropped = CenterCrop((crop_height, crop_width))(image("noise", width, height))
        case = {"width": width, "height": height, "crop": [crop_width, crop_height]}
        golden["centerCrop"].append({**case, "sha256": digest(cropped.tobytes())})
    for width, height, resize, crop, filter_name, normalization in PREPROCESSINGS:
        mode = InterpolationMode(filter_name)
        transform = Compose([Resize(resize, mode), CenterCrop(crop), ToTensor(), Normalize(**normalization)])
        values = transform(image("smooth", width, height)).permute(1, 2, 0).contiguous().numpy()
        case = {"width": width, "height": height, "resize": resize, "crop": crop, "filter": filter_name}
        golden["preprocess"].append({**case, **normalization, "sha256": digest(values.astype("<f4").tobytes())})
    Path(__file__).with_name("transforms.json").write_text(json.dumps(golden, indent=2) + "\n")


if __name__ == "__main__":
    main()
