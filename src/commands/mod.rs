//! The command line: one file per command, its arguments, its help and its run.
