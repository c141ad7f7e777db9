"""zktools beside what else one could use, measured in one run on one machine.

``python -m benchmarks`` says what there is to choose.
"""
