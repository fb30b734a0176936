"""The words of a command line: flags, their values, what could come next, and the help that lists them."""
