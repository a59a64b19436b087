//! A token in the form that a shell or a program reads: one file per format, each with its own escaping.
