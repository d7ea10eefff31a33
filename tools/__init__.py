"""Tools that developers run; they are not part of the packages."""
