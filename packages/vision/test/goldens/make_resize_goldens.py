"""Makes resize.json with the SHA-256 of the RGB bytes that Pillow's Image.resize returns.

    python make_resize_goldens.py

The images come from a formula that the test repeats, so they are not stored.
"""

import hashlib
import json
from pathlib import Path

import PIL
from PIL import Image

from images import image

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}

# Width and height before and after.
SIZES = [
    # To and from a single pixel.
    (1, 1, 1, 1), (1, 1, 7, 5), (7, 5, 1, 1), (1, 9, 4, 9), (9, 1, 9, 4), (1, 100, 100, 1), (2, 2, 3, 3),
    # Nothing to do, or only along one side.
    (13, 11, 13, 11), (64, 48, 64, 17), (64, 48, 17, 48), (31, 57, 31, 200), (31, 57, 200, 57),
    # Off by one, and halves, thirds and multiples, for which positions fall exactly between pixels.
    (32, 32, 31, 31), (32, 32, 33, 33), (100, 80, 99, 81), (64, 64, 32, 32), (63, 63, 21, 21), (65, 65, 32, 33),
    (16, 16, 32, 32), (17, 19, 51, 57), (10, 10, 100, 100), (6, 4, 30, 20), (3, 2, 300, 200), (128, 128, 64, 256),
    # One side shrinks while the other grows.
    (40, 200, 90, 70), (200, 40, 70, 90), (5, 500, 50, 5), (500, 5, 5, 50),
    # To the sizes that networks take.
    (32, 32, 224, 224), (28, 28, 32, 32), (96, 96, 32, 32), (451, 300, 384, 256), (451, 300, 32, 32),
    (600, 400, 384, 256), (512, 600, 256, 300), (640, 427, 383, 256), (640, 480, 298, 224), (640, 480, 341, 256),
    (1280, 960, 341, 256), (1280, 960, 299, 224), (1920, 1080, 455, 256), (1080, 1920, 224, 398), (300, 451, 235, 353),
    (500, 375, 310, 232), (375, 500, 232, 309), (333, 500, 256, 384), (1024, 768, 32, 24), (800, 600, 64, 64),
    # Primes.
    (127, 131, 61, 67), (61, 67, 127, 131), (251, 241, 97, 89), (97, 89, 251, 241), (499, 503, 7, 11),
    (7, 11, 499, 503), (337, 3, 101, 103), (3, 337, 103, 101), (211, 223, 227, 229), (229, 227, 223, 211),
    # Long windows.
    (2000, 3, 2, 3), (3, 2000, 3, 2), (2999, 7, 10, 7), (1500, 1500, 5, 5), (4001, 11, 256, 3),
]


def main() -> None:
    cases = []
    for number, (width, height, to_width, to_height) in enumerate(SIZES):
        for kind in ("smooth", "noise"):
            # Every filter runs with every size; each pair of size and filter uses one of the two kinds.
            for place, (name, resampling) in enumerate(FILTERS.items()):
                if (place + number) % 2 != (kind == "noise"):
                    continue
                resized = image(kind, width, height).resize((to_width, to_height), resampling)
                digest = hashlib.sha256(resized.tobytes()).hexdigest()
                cases.append([kind, width, height, to_width, to_height, name, digest])
    golden = {
        "versions": {"pillow": PIL.__version__},
        "columns": ["image", "width", "height", "toWidth", "toHeight", "filter", "sha256"],
        "cases": cases,
    }
    lines = ",\n    ".join(json.dumps(case) for case in cases)
    text = json.dumps({**golden, "cases": []}, indent=2).replace('"cases": []', f'"cases": [\n    {lines}\n  ]')
    Path(__file__).with_name("resize.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
