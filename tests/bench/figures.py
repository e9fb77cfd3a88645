# SPDX-License-Identifier: GPL-2.0-or-later
"""How benchmarks in Python find the lab, and how they tell their figures: see bench.h."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))


def tell(what, figure, unit, goal="", note=""):
    print(what, figure, unit, goal, note, sep="\t", flush=True)
