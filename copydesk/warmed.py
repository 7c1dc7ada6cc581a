"""What worker processes share besides `preloaded` where there is much to read: compiled loops, the classifier of
languages. Loaded once, in the process that they are forked from, while the command line is still getting ready."""

from __future__ import annotations

import gc
import threading

from copydesk import cleaning, compiled, language
from copydesk.amount import MUCH
from copydesk.settings import Settings

_classifier = threading.Thread(target=language.warm)  # most of it is unpacking, which lets the other thread run
_classifier.start()
cleaning.warm(Settings(), MUCH)
compiled.warm(MUCH)
_classifier.join()  # a process that is forked has no other threads
gc.freeze()
