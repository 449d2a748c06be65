"""The program: `python -I -S /abs/controller/shim/__main__.py [--adopt] RUN_DIR [PID]`.

Named as a file, for a folder (`python /abs/controller/shim`) is run by runpy, whose imports take
8 ms. A program's own file is compiled anew at every start, so it only leads to what is cached.
"""

import gc
import posix
import sys
from marshal import loads

gc.disable()  # until there is time for it
root = __file__.rpartition("/controller/")[0] or "/"
sys.path.append(root)
path = f"{root}/controller/shim/__pycache__/bundle.{sys.implementation.cache_tag}"
try:
    fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    code, key, places = loads(posix.pread(fd, 16384, 0))  # noqa: S302 - as trusted as any .pyc
    bundle = {"__name__": "controller.shim.bundle"}
    exec(code, bundle)  # noqa: S102 - likewise
    stale = not bundle["install"](root, fd, key, places)  # type: ignore[operator]
except Exception:  # noqa: BLE001 - a cache that fails in whatever way is none
    stale = True

from controller.shim.main import main  # noqa: E402

main(sys.argv, path if stale else "")
