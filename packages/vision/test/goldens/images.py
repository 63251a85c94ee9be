"""Makes images by a formula with whole numbers; ../images.ts makes the same images."""

from PIL import Image


def image(kind: str, width: int, height: int) -> Image.Image:
    """A 'smooth' image with slopes and edges, or one with 'noise' that reaches 0 and 255 in every neighbourhood."""
    data = bytearray(width * height * 3)
    for y in range(height):
        for x in range(width):
            for channel in range(3):
                data[(y * width + x) * 3 + channel] = value(kind, x, y, channel)
    return Image.frombytes("RGB", (width, height), bytes(data))


def value(kind: str, x: int, y: int, channel: int) -> int:
    if kind == "smooth":
        return (x * (3 + channel) + y * (5 - channel) + ((x * y) >> 4) + channel * 40) & 255
    mixed = (x * 73856093 + y * 19349663 + channel * 83492791 + 12345) & 0xFFFFFFFF
    mixed ^= mixed >> 13
    mixed = (mixed * 0x5BD1E995) & 0xFFFFFFFF
    mixed ^= mixed >> 15
    byte = mixed & 255
    # A third of the values at each end, so that overshoot is clipped.
    return 0 if byte < 85 else 255 if byte > 170 else byte
