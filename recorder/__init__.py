"""Capture, package and archive: from RTP packets to verified objects in the store."""
