"""Print one picture: ``python -m docs.pictures partition > partition.svg``."""

import sys

from docs.pictures import PICTURES

sys.stdout.write(PICTURES[sys.argv[1]]().svg())
