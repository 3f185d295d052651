"""A trace on screen, however long: segments, mathematics, marks, keys, and a second trace beside it."""
