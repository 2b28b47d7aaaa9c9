"""Lists of what deserves a look: files with problems, copies."""
