"""Paint moving pictures: a clip and a picture of a painting in, the same clip painted in that style out.

>>> vidstyle.stylize_clip("cat.gif", styles=["picasso.jpg"], output="out.gif")  # doctest: +SKIP
"""

from .clip_job import Progress
from .config import Config, Style, StyleLayer
from .errors import VidstyleError
from .pipeline import stylize_clip, stylize_frames

__version__ = "0.1.0"

__all__ = ["Config", "Progress", "Style", "StyleLayer", "VidstyleError", "stylize_clip", "stylize_frames"]
