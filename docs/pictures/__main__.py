"""Print one picture: ``python -m pictures partition > partition.svg``."""

import sys

from pictures import PICTURES

sys.stdout.write(PICTURES[sys.argv[1]]().svg())
