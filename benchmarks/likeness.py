"""How well a product is told from another one by its colours, against two peers that look at whole pictures.

Drawn products in drawn scenes: another size, place, angle, light and ground. The figure is the area under the ROC
curve: how often a film of the product is found more like it than one of another product (0.5 is chance). Nothing here
was made by Veo.
"""

from __future__ import annotations

import colorsys
import io
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from benchmarks.report import Ratio, Report
from reelmill.media.product_picture import ProductPicture
from reelmill.media.thresholds import LIKENESS_LOST

__all__ = ["run"]

_SIDE = 300
_FRAME = (135, 240)
_FONT_WORDS = ["ACORN", "BRIO", "CEDAR", "DELTA", "EMBER", "FABLE"]


def run(_folder: Path, *, quick: bool, say: Callable[[str], None]) -> Report:
    """Each product in a scene of its own, the next product in one, and itself in other colours in one."""
    count = 20 if quick else 200
    pictures = [_product(random.Random(number)) for number in range(count)]
    products = [ProductPicture.read(_file(picture)) for picture in pictures]
    compared = [number for number, product in enumerate(products) if product is not None]
    same, other, recoloured, peers = [], [], [], {"histogram": ([], []), "perceptual hash": ([], [])}
    began = time.thread_time()
    for number in compared:
        product = products[number]
        own = _scene(pictures[number], random.Random(f"{number} own"))
        foreign = _scene(pictures[(number + 1) % count], random.Random(f"{number} other"))
        tinted = _scene(_in_other_colours(pictures[number], number), random.Random(f"{number} own"))
        assert product is not None
        same.append(product.found_in(np.asarray(own)))
        other.append(product.found_in(np.asarray(foreign)))
        recoloured.append(product.found_in(np.asarray(tinted)))
        for name, measure in (("histogram", _histogram_likeness), ("perceptual hash", _hash_likeness)):
            peers[name][0].append(measure(pictures[number], own))
            peers[name][1].append(measure(pictures[number], foreign))
    say(f"{len(compared)} products in {time.thread_time() - began:.0f} s of processor time")
    ours = _area(same, other)
    rows = [
        ("ours", ours, _area(same, recoloured), _below(same), _below(other)),
        *((name, _area(*found), "", "", "") for name, found in peers.items()),
    ]
    best = max(_area(*found) for found in peers.values())
    return Report(
        "likeness",
        ("method", "told from others", "told from other colours", "same found unlike", "other found unlike"),
        rows,
        [Ratio("mistakes, ours / better peer", (1 - ours) / (1 - best), at_most=0.6)],
        [
            f"{len(compared)} of {count} drawn products have colours to be known by; the others are not compared.",
            "Drawn scenes are no films of Veo: the figures rank methods, they do not promise a rate of mistakes.",
        ],
    )


def _product(dice: random.Random) -> Image.Image:
    """A bottle, a box, a disc or a bag in two colours, most with a label and a word on it."""
    image = Image.new("RGB", (_SIDE, _SIDE), dice.choice(["white", "#f8f8f6"]))
    draw = ImageDraw.Draw(image)
    body, part = _colour(dice), _colour(dice)
    shape = dice.choice(["bottle", "box", "disc", "bag"])
    if shape == "bottle":
        draw.rounded_rectangle((100, 90, 200, 285), 20, fill=body)
        draw.rectangle((130, 30, 170, 90), fill=part)
    elif shape == "box":
        draw.polygon([(60, 80), (210, 60), (210, 250), (60, 270)], fill=body)
        draw.polygon([(210, 60), (260, 95), (260, 265), (210, 250)], fill=part)
    elif shape == "disc":
        draw.ellipse((40, 40, 260, 260), fill=body)
        draw.ellipse((90, 90, 210, 210), fill=part)
    else:
        draw.polygon([(65, 110), (235, 110), (260, 275), (40, 275)], fill=body)
        draw.arc((100, 40, 200, 180), 180, 360, fill=part, width=12)
    if dice.random() < 0.7:
        draw.rectangle((110, 140, 190, 220), fill=_colour(dice))
        draw.text((116, 150), dice.choice(_FONT_WORDS), fill="#1a1a1a")
    return image


def _colour(dice: random.Random) -> tuple[int, ...]:
    if dice.random() < 0.25:
        return (dice.randint(20, 200),) * 3
    parts = colorsys.hsv_to_rgb(dice.random(), dice.uniform(0.4, 1), dice.uniform(0.3, 1))
    return tuple(round(255 * part) for part in parts)


def _in_other_colours(picture: Image.Image, number: int) -> Image.Image:
    values = np.array(picture.convert("HSV"))
    values[..., 0] = (values[..., 0].astype(int) + random.Random(f"{number} hue").randint(60, 190)) % 256
    return Image.fromarray(values, "HSV").convert("RGB")


def _scene(picture: Image.Image, dice: random.Random) -> Image.Image:
    """The product before a ground of soft colours, turned, squeezed, lit and a little blurred."""
    patches = np.array([[[dice.randint(40, 220) for _ in range(3)] for _ in range(5)] for _ in range(7)], np.uint8)
    ground = ImageEnhance.Color(Image.fromarray(patches).resize(_FRAME, Image.Resampling.BICUBIC))
    scene = ground.enhance(dice.uniform(0.1, 0.7))
    size = dice.uniform(0.5, 1.0) * _FRAME[0]
    squeezed = picture.resize((round(size * dice.uniform(0.55, 1)), round(size)), Image.Resampling.LANCZOS)
    turned = squeezed.convert("RGBA").rotate(dice.uniform(-25, 25), Image.Resampling.BICUBIC, expand=True)
    lit = ImageEnhance.Brightness(_cut_out(turned)).enhance(dice.uniform(0.65, 1.3))
    tint = Image.new("RGBA", lit.size, (dice.randint(120, 255), 180, dice.randint(120, 255), 255))
    lit = Image.composite(Image.blend(lit, tint, 0.06), lit, lit.getchannel("A"))
    rooms = zip(_FRAME, lit.size, strict=True)
    at = tuple(round((room - side) / 2 + dice.uniform(-0.15, 0.15) * room) for room, side in rooms)
    scene.paste(lit, at, lit.getchannel("A"))
    return scene.filter(ImageFilter.GaussianBlur(dice.choice([0, 0, 0.6])))


def _cut_out(image: Image.Image) -> Image.Image:
    """Without the shop's white ground."""
    values = np.array(image)
    values[(values[..., :3] > 244).all(axis=2), 3] = 0
    return Image.fromarray(values)


def _histogram_likeness(one: Image.Image, other: Image.Image) -> float:
    """The intersection of the histograms of whole pictures, 8 steps a colour."""
    pixels = [np.asarray(image).reshape(-1, 3) for image in (one, other)]
    counted = [np.histogramdd(each, bins=(8, 8, 8), range=[(0, 256)] * 3)[0] for each in pixels]
    return float(np.minimum(*(counts / counts.sum() for counts in counted)).sum())


def _hash_likeness(one: Image.Image, other: Image.Image) -> float:
    """Bits that agree of a perceptual hash: whether each of 64 low frequencies lies above their median."""
    first, second = _hash(one), _hash(other)
    return float((first == second).mean())


def _hash(image: Image.Image) -> NDArray[np.bool_]:
    values = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.LANCZOS), float)
    steps = np.arange(32)
    cosines = np.cos(np.pi * (2 * steps[None] + 1) * steps[:8, None] / 64)
    frequencies = (cosines @ values @ cosines.T).ravel()[1:]
    return frequencies > np.median(frequencies)


def _area(same: list[float], other: list[float]) -> float:
    ours, theirs = np.array(same)[:, None], np.array(other)[None]
    return float((ours > theirs).mean() + 0.5 * (ours == theirs).mean())


def _below(scores: list[float]) -> float:
    return float((np.array(scores) < LIKENESS_LOST).mean())


def _file(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
