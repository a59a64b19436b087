//! The program: runs the command line and exits with its code.

fn main() {
    // The command line is declared in the library.
}
