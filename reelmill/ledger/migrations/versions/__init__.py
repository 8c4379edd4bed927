"""One file per step; the number in the file's name is its revision."""
