"""Locks that are broken on purpose, each in one way: the checker must catch every one.

`plain.PlainLock` is a small lock that is right; each of `defects` changes one thing about it. That
the plain one passes where its broken likes fail shows that it is the defect that is caught.
"""
