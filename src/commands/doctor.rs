mod asking;
mod check;
mod clock;
mod configuration;
mod facts;
mod json;
mod kept;
mod keys;
mod machine;
mod metadata;
mod network;
mod reading;
mod table;

use super::args::{LoginArgs, ProfileArgs, tell_settings};
use super::error::{CommandError, FAILED};
use crate::saml::Outcome;
use crate::terminal::Terminal;
use check::Check;
use clap::Args;
use facts::Facts;
use reading::Configuration;
use std::process::ExitCode;

/// Check this machine and a profile: what a login would fail of, and what to do about it
///
/// Nobody is signed in and nothing is changed. The platform, the identity provider's link and the address of its metadata
/// are asked once each, and no redirect is followed; ten seconds are the most that it takes. It takes the flags of login,
/// for a login that is made with flags.
///
/// Exit code 1 says that a check failed; warnings alone are exit code 0.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Print JSON instead of a table: {"checks": [{"name", "outcome", "found", "cure"}, …]}
    #[arg(long)]
    json: bool,
    /// Ask nobody: check this machine alone
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    profile: ProfileArgs,
    #[command(flatten)]
    settings: LoginArgs,
}

/// The checks of one subject, in their order.
struct Section {
    subject: &'static str,
    checks: Vec<Check>,
}

impl Doctor {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        let configuration = Configuration::read(&self.profile, &self.settings);
        if let Some(layers) = configuration.layers() {
            tell_settings(layers, terminal);
        }
        let facts = Facts::gather(&configuration, self.offline, terminal);
        let sections = judge(&configuration, facts);
        let handed_out = if self.json {
            terminal.hand_out(&json::of(&sections)?)
        } else {
            terminal.hand_out_tinted(&table::of(&sections, terminal.width()))
        };
        handed_out.map_err(CommandError::Output)?;
        let mut checks = sections.iter().flat_map(|section| &section.checks);
        Ok(match checks.any(|check| check.outcome == Outcome::Fail) {
            true => ExitCode::from(FAILED),
            false => ExitCode::SUCCESS,
        })
    }
}

/// Every check there is.
fn judge(configuration: &Configuration, facts: Facts) -> Vec<Section> {
    let section = |subject, checks| Section { subject, checks };
    let now = facts.now;
    let keys = facts.keys.as_ref();
    vec![
        section(
            "Configuration",
            vec![
                configuration::file(configuration.file.as_ref()),
                configuration::profile(configuration.profile.as_ref().map(Result::as_ref)),
                configuration::settings(configuration.settings.as_ref().map(Result::as_ref)),
                machine::capture(configuration.capture(), facts.can_run.as_ref()),
            ],
        ),
        section(
            "This machine",
            vec![
                machine::port(facts.port),
                machine::browser(&facts.browser),
                machine::chromium(
                    facts.own_browser.as_ref(),
                    facts.snap.as_deref(),
                    facts.can_run.and_then(Result::ok),
                ),
                machine::browser_profile(facts.browser_profile.as_ref()),
                kept::environment(&facts.environment),
            ],
        ),
        section(
            "Network",
            vec![
                network::proxies(&facts.proxies),
                network::authorities(
                    facts.authorities,
                    &facts.named_authorities,
                    facts.bundle.as_deref(),
                ),
                network::platform(&facts.platform),
                network::link(&facts.link),
                clock::check(
                    network::ahead(&facts.platform),
                    network::ahead(&facts.link),
                    facts.clock_skew,
                    facts.is_offline,
                ),
            ],
        ),
        section(
            "Identity provider",
            vec![
                metadata::check(&facts.metadata, now),
                keys::check(keys),
                keys::certificates(keys, now),
            ],
        ),
        section(
            "What is kept",
            vec![
                kept::state(facts.state.as_ref()),
                kept::token_file(facts.token_file.as_ref()),
                kept::token(facts.token.as_ref(), now),
            ],
        ),
    ]
}
