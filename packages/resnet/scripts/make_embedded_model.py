"""Writes models/cifar10-resnet20/model.safetensors: the weights of the file given, in half precision.

    python packages/resnet/scripts/make_embedded_model.py resnet20-bootstrap.safetensors
"""

import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

tensors = {key: value.astype(np.float16) for key, value in load_file(sys.argv[1]).items() if value.dtype == np.float32}
for key, value in tensors.items():
    assert np.isfinite(value).all(), f"{key} does not fit into half precision"
save_file(tensors, Path(__file__).parent.parent / "models/cifar10-resnet20/model.safetensors", {"format": "pt"})
