"""The class board: a page that shows a class live, for the teacher.

A Django app of its own, on the course's techniques; it takes nothing from `chat/`, which learners
change. Learners' machines tell it what lab.classroom wrote down there, and nothing else.
"""
