"""The noise of published counts (statistics.md 9): the secret it rests on, and which cell key adds how much.
No Spark.
"""

from __future__ import annotations

import hmac
from pathlib import Path

from popbase.errors import SettingsError

KEYS = 256
# The last cell key to which this much is added: mean 0, variance 1.97 over all keys.
NOISE = {71: 0, 127: 1, 183: -1, 210: 2, 237: -2, 245: 3, 253: -3, 254: 4, 255: -4}
# A noisy figure below this is withheld, and with it every true zero.
LEAST = 10
_LEAST_SECRET = 32


def added(cell_key: int) -> int:
    """To a count whose units' keys sum to `cell_key` modulo 256."""
    return next(noise for last, noise in NOISE.items() if cell_key <= last)


def secret(path: str, purpose: str) -> bytes:
    """The key for one purpose, from the file that holds the secret; raises SettingsError where it holds none.

    It never rotates within a series: with another one the same cells would get other noise.
    """
    try:
        held = Path(path).read_bytes().strip()
    except OSError as error:
        raise SettingsError(f"POPBASE_KEY_FILE cannot be read ({type(error).__name__}).") from error
    if len(held) < _LEAST_SECRET:
        raise SettingsError(f"POPBASE_KEY_FILE holds fewer than {_LEAST_SECRET} bytes.")
    return hmac.digest(held, purpose.encode(), "sha256")
