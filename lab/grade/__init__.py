"""For teachers: what a class hands in, tried again apart from everything else, and put in a table.

A check and an exercise run what a learner wrote. So each runs in a sandbox of its own (confined.py),
without a network, with nothing of the machine's to read but the course, and within a time and a memory.
What a learner's progress file says counts for nothing.
"""
