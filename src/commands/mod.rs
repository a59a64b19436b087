//! The command line: one file per command, with its arguments, its help and its run.

mod args;
mod completions;
mod demo;
mod doctor;
mod env;
mod error;
mod exec;
mod handed_out;
mod init;
mod inspect;
mod keep_browser;
mod login;
mod logout;
mod man;
mod outcome;
mod status;
mod token;
mod whoami;

use crate::browser::chromium::keeper;
use crate::browser::keep_descriptors;
use crate::terminal::Terminal;
use clap::{Parser, Subcommand};
use error::CommandError;
use std::process::ExitCode;

/// Sign in to Anypoint Platform through your organization's SSO, from a terminal.
#[derive(Debug, Parser)]
#[command(name = "anyp-saml", version, propagate_version = true, max_term_width = 100, after_help = EXIT_CODES)]
struct CommandLine {
    /// Say more: where each setting came from, and what every check found (never a secret)
    #[arg(long, short, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 no token that holds, 4 the response was refused by our \
checks, 5 the platform refused or could not be reached, 6 time ran out, 130 interrupted.";

#[derive(Debug, Subcommand)]
enum Command {
    Init(Box<init::Init>),
    Login(Box<login::Login>),
    Token(token::Token),
    Env(env::Env),
    Exec(exec::Exec),
    Inspect(Box<inspect::Inspect>),
    Doctor(Box<doctor::Doctor>),
    Whoami(whoami::Whoami),
    Status(status::Status),
    Logout(logout::Logout),
    Demo(demo::DemoCommand),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Parses the command line, runs the command and says its errors.
pub fn run() -> ExitCode {
    keep_memory_private();
    // No command of the command line's, so that neither help nor completions nor manual offer it: nobody types it.
    if std::env::args_os().skip(1).eq([keeper::COMMAND]) {
        return exit_code(keep_browser::run(), &Terminal::default());
    }
    let command_line = match CommandLine::try_parse() {
        Ok(command_line) => command_line,
        Err(error) => {
            // Help and version are no errors to clap either: it prints them on standard output. Nobody is left to be
            // told when that fails.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { error::USAGE } else { 0 });
        }
    };
    // What `exec` was started with is for the command that it becomes.
    if !matches!(command_line.command, Command::Exec(_)) {
        keep_descriptors();
    }
    let terminal = Terminal::new(command_line.verbose);
    exit_code(command_line.command.run(&terminal), &terminal)
}

fn exit_code(result: Result<ExitCode, CommandError>, terminal: &Terminal) -> ExitCode {
    result.unwrap_or_else(|error| error.say(terminal))
}

impl Command {
    fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        match self {
            Self::Init(command) => command.run(terminal),
            Self::Login(command) => command.run(terminal),
            Self::Token(command) => command.run(terminal),
            Self::Env(command) => command.run(terminal),
            Self::Exec(command) => command.run(terminal),
            Self::Inspect(command) => command.run(terminal),
            Self::Doctor(command) => command.run(terminal),
            Self::Whoami(command) => command.run(terminal),
            Self::Status(command) => command.run(terminal),
            Self::Logout(command) => command.run(terminal),
            Self::Demo(command) => command.run(terminal),
            Self::Completions(command) => command.run(terminal),
            Self::Man(command) => command.run(terminal),
        }
    }
}

/// No core file of this process, and no other process of the same user looking into it: it holds tokens. A program that
/// `exec` becomes is not held to it. What the system refuses is left as it is.
fn keep_memory_private() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
