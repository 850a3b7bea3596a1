"""`make bench`: what the write and the read path cost here, as ratios within one run where that says more than seconds.

BENCH=full adds what takes long: ten million stored events, BENCH=huge a hundred million.
"""

import os

from tests.bench import inprocess, panels, stored, wire


def main() -> None:
    inprocess.main()
    wire.main()
    if os.environ.get("BENCH") in ("full", "huge"):
        stored.main()
        panels.main()


if __name__ == "__main__":
    main()
