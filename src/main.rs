//! The program: runs the command line and exits with its code.

fn main() -> std::process::ExitCode {
    anyp_saml::commands::run()
}
