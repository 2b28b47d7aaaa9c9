"""The distilling itself: torch, usable alone on a GPU server, without a window, a DICOM reader or a catalogue."""
