"""Every number that an inspection judges by, with its reason. Seconds, shares and levels as each says."""

from __future__ import annotations

from typing import Final

__all__ = [
    "AUDIO_SHORT_S",
    "BAR_EDGE_SHARE",
    "BAR_FLICKER_LEVELS",
    "BAR_LEAST_SHARE",
    "BLACK_STRETCH_S",
    "CLIPPED_LEAST_S",
    "CLIPPED_LEVEL",
    "CLIPPED_RUN",
    "COLOURLESS",
    "COLOUR_TOLERANCE",
    "DURATION_OFF_S",
    "DURATION_WRONG_S",
    "FLAT_LEVEL",
    "FLAT_SHARE",
    "FLAT_SWINGS",
    "FLAT_TOP",
    "FPS_OFF",
    "FROZEN_STRETCH_S",
    "LIKENESS_LOST",
    "LIKENESS_SEEN",
    "LOST_LEAST_S",
    "PRODUCT_FILLS",
    "QUIET_LUFS",
    "SILENT_LEVEL",
    "SILENT_PEAK",
    "SILENT_STRETCH_S",
    "WHOLE",
]

# Length and rate. Veo's lengths are exact to a frame or two; a second is a different product.
DURATION_OFF_S: Final = 0.3
DURATION_WRONG_S: Final = 1.0
FPS_OFF: Final = 0.5

# Pictures.
WHOLE: Final = 0.85  # this share of black or frozen video is all of it
BLACK_STRETCH_S: Final = 0.5  # shorter ones are cuts and fades
FROZEN_STRETCH_S: Final = 1.0  # shorter ones are pauses of a camera

# Letterbox: black edges that never change, on both sides, next to a line that is picture along its length. A product
# on a black ground has black edges too, but meets them with its own outline only.
BAR_LEAST_SHARE: Final = 0.03  # of the side, each bar: less is the soft edge of some lenses and encoders
BAR_FLICKER_LEVELS: Final = 8  # what encoding does to still black, of 255
BAR_EDGE_SHARE: Final = 0.5  # of the line beside the bar that shows picture at some time

# Sound. Levels are shares of full scale.
SILENT_PEAK: Final = 0.0005  # -66 dB: beneath the noise of any microphone
SILENT_LEVEL: Final = 0.001  # -60 dB, root mean square of some 20 ms
SILENT_STRETCH_S: Final = 1.5  # rooms have a tone; a second and a half without any sounds like a fault
AUDIO_SHORT_S: Final = 1.0
CLIPPED_LEVEL: Final = 0.999
CLIPPED_RUN: Final = 3  # samples at full scale in a row: a wave may touch it, only a cut one stays there
FLAT_LEVEL: Final = 0.9  # coding moves plateaus by up to a twentieth
FLAT_TOP: Final = 0.98  # of the peak: a plateau's height
FLAT_SHARE: Final = 0.2  # of some 20 ms; a pure tone, the flattest of whole waves, has 0.13
FLAT_SWINGS: Final = 2  # through zero: a piece of one slow wave is flat without being cut
CLIPPED_LEAST_S: Final = 0.002  # in all; a click less is not heard
QUIET_LUFS: Final = -40.0  # bringing it to the -14 to -16 of platforms would raise its noise by 24 dB and more

# Likeness to the product's picture, from 0 to 1 (product_picture.py). Set on drawn products under changed light, angle
# and ground (`python -m benchmarks likeness`), not on films of Veo.
COLOUR_TOLERANCE: Final = 0.05  # of OKLab: two colours so far apart may be one in another light
COLOURLESS: Final = 0.2  # of the product's colour: black, white and grey things are in every film
PRODUCT_FILLS: Final = 0.6  # of a square around it, the rest of which is ground
LIKENESS_LOST: Final = 0.25  # below, the colours are hardly to be seen
LIKENESS_SEEN: Final = 0.5  # above, they are there; between the two nothing is said
LOST_LEAST_S: Final = 1.0  # shorter ones are turns of the product and cuts
