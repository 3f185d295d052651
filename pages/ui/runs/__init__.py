"""Runs on screen: list, panel, curves, copies, disk use."""
