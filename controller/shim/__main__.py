"""The program: `python -I -S /abs/controller/shim/__main__.py RUN_DIR`.

Named as a file, for a folder (`python /abs/controller/shim`) is run by runpy, whose imports take
8 ms. A program's own file is compiled anew at every start, so it only leads to modules that are
cached.
"""

import sys

if not __package__:  # run as a file or a folder, neither of which makes the package importable
    sys.path.append(__file__.rpartition("/controller/")[0] or "/")

from controller.shim.main import main

main(sys.argv)
