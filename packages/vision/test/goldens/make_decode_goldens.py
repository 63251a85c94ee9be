"""Makes the files in files/, and decode.json with the SHA-256 of the RGB bytes that Pillow decodes from each.

    python make_decode_goldens.py
"""

import hashlib
import json
import struct
import zlib
from pathlib import Path

import PIL
from PIL import Image, ImageCms, ImageOps, features

from images import image

FOLDER = Path(__file__).with_name("files")
WIDTH, HEIGHT = 37, 29

COLOR = image("smooth", WIDTH, HEIGHT)
GREY = COLOR.convert("L")
ALPHA = image("noise", WIDTH, HEIGHT).getchannel(0)
PALETTE = COLOR.quantize(64)
RGBA = Image.merge("RGBA", [*COLOR.split(), ALPHA])
GREY16 = Image.new("I;16", (WIDTH, HEIGHT))
GREY16.putdata([(value * 7) % 700 for value in range(WIDTH * HEIGHT)])


def png16(color_type: int, channels: int) -> bytes:
    """A PNG file with 16 bits per channel, of a kind that Pillow mostly reads but does not write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    values = [(i * 40503 + 77) & 0xFFFF for i in range(WIDTH * HEIGHT * channels)]
    row = WIDTH * channels
    rows = [b"\0" + struct.pack(f">{row}H", *values[i : i + row]) for i in range(0, len(values), row)]
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, color_type, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def bmp(bits: int, *, top_down: bool = False, colors: int = 0, masks: bool = False, header_bytes: int = 40) -> bytes:
    """A bitmap of a kind that Pillow reads but does not write."""
    row = (WIDTH * bits + 31) // 32 * 4
    pixels = bytes((i * 31 + (i >> 5)) & (colors - 1 if colors else 255) for i in range(row * HEIGHT))
    palette = bytes(value for i in range(colors) for value in (i * 3 & 255, i * 5 & 255, i * 7 & 255, 0))
    fields = struct.pack("<III", 0xFF0000, 0xFF00, 0xFF) if masks else b""
    height = -HEIGHT if top_down else HEIGHT
    info = struct.pack("<IiiHHIIiiII", header_bytes, WIDTH, height, 1, bits, 3 if masks else 0, 0, 0, 0, colors, 0)
    if header_bytes > 40:
        info, fields = (info + fields).ljust(header_bytes, b"\0"), b""
    offset = 14 + len(info) + len(fields) + len(palette)
    return struct.pack("<2sIHHI", b"BM", offset + len(pixels), 0, 0, offset) + info + fields + palette + pixels


def swapped_profile() -> bytes:
    """An sRGB profile with red and green exchanged: a decoder that applies it produces other colours."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The creation time is removed, so that every run makes the same files.
    profile = profile[:24] + bytes(12) + profile[36:]
    return profile.replace(b"rXYZ", b"tmp.", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"tmp.", b"gXYZ", 1)


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def write_files() -> None:
    saved = {
        "rgb.png": (COLOR, {}),
        "rgb-color-key.png": (COLOR, {"transparency": (0, 40, 80)}),
        "rgb-profile.png": (COLOR, {"icc_profile": swapped_profile()}),
        "rgba.png": (RGBA, {}),
        "grey.png": (GREY, {}),
        "grey-color-key.png": (GREY, {"transparency": 40}),
        "grey-alpha.png": (Image.merge("LA", [GREY, ALPHA]), {}),
        "grey16.png": (GREY16, {}),
        "black-and-white.png": (COLOR.convert("1"), {}),
        "palette.png": (PALETTE, {}),
        "palette-2-bits.png": (COLOR.quantize(4), {"bits": 2}),
        "palette-one-transparent.png": (PALETTE, {"transparency": 3}),
        "palette-all-transparent.png": (PALETTE, {"transparency": bytes(range(64))}),
        "orientation-6.png": (COLOR, {"exif": exif(6)}),
        "rgb.jpg": (COLOR, {"quality": 85}),
        "rgb-444.jpg": (COLOR, {"quality": 92, "subsampling": 0}),
        "rgb-422.jpg": (COLOR, {"quality": 75, "subsampling": 1}),
        "rgb-progressive.jpg": (COLOR, {"quality": 80, "progressive": True}),
        "rgb-profile.jpg": (COLOR, {"quality": 85, "icc_profile": swapped_profile()}),
        "grey.jpg": (GREY, {"quality": 90}),
        "cmyk.jpg": (COLOR.convert("CMYK"), {"quality": 95}),
        **{f"orientation-{i}.jpg": (COLOR, {"quality": 85, "exif": exif(i)}) for i in range(1, 9)},
        "rgb.webp": (COLOR, {"quality": 80}),
        "rgba.webp": (RGBA, {"lossless": True, "exact": True}),
        "orientation-8.webp": (COLOR, {"lossless": True, "exif": exif(8)}),
        "palette.gif": (PALETTE, {}),
        "rgb.tiff": (COLOR, {"compression": "tiff_lzw"}),
        "rgba.tiff": (RGBA, {}),
        "grey16.tiff": (GREY16, {}),
        "cmyk.tiff": (COLOR.convert("CMYK"), {}),
        "rgb.bmp": (COLOR, {}),
        "grey.bmp": (GREY, {}),
        "palette.bmp": (PALETTE, {}),
    }
    made = {
        "rgb16.png": png16(2, 3),
        "rgba16.png": png16(6, 4),
        "grey16-alpha.png": png16(4, 2),
        "top-down.bmp": bmp(24, top_down=True),
        "32-bits.bmp": bmp(32),
        "32-bits-masks.bmp": bmp(32, masks=True),
        "32-bits-masks-v5.bmp": bmp(32, masks=True, header_bytes=124),
        "palette-16.bmp": bmp(8, colors=16),
    }
    FOLDER.mkdir(exist_ok=True)
    for name, (image, options) in saved.items():
        image.save(FOLDER / name, **options)
    for name, data in made.items():
        (FOLDER / name).write_bytes(data)


def main() -> None:
    write_files()
    # A file that must not be decoded.
    GREY.resize((4, 3)).convert("F").save(Path(__file__).with_name("float.tiff"))
    versions = {"pillow": PIL.__version__, "libjpeg_turbo": features.version("libjpeg_turbo")}
    files = {}
    for path in sorted(FOLDER.iterdir()):
        with Image.open(path) as image:
            rgb = ImageOps.exif_transpose(image).convert("RGB")
        files[path.name] = {"size": list(rgb.size), "sha256": hashlib.sha256(rgb.tobytes()).hexdigest()}
    golden = json.dumps({"versions": versions, "files": files}, indent=2)
    Path(__file__).with_name("decode.json").write_text(golden + "\n")


if __name__ == "__main__":
    main()
