"""Writes src/labels/imagenet.ts from torchvision's list, which is in the order of the ImageNet-1k class indices."""

from pathlib import Path

from torchvision.models._meta import _IMAGENET_CATEGORIES as names

assert len(names) == 1000 and not any(";" in name or "`" in name for name in names)
lines, line = [], ""
for name in names:
    if line and len(line) + len(name) + 1 > 118:
        lines.append(line)
        line = ""
    line += name + ";"
lines.append(line.removesuffix(";"))
text = "\n".join(lines)
Path(__file__).parent.parent.joinpath("src/labels/imagenet.ts").write_text(
    "/** The 1,000 ImageNet (ILSVRC 2012) class names in torchvision's spelling. Made by scripts/make_imagenet_labels.py. */\n"
    f"export const imagenetClasses: readonly string[] = `{text}`.replaceAll('\\n', '').split(';')\n"
)
