//! Asking whoever takes time to answer, all at once.

use super::clock::ahead;
use super::machine::OwnBrowser;
use super::metadata::Metadata;
use super::network::{Answered, Asked, NOT_ASKED};
use super::reading::Configuration;
use crate::address::WebAddress;
use crate::browser::chromium;
use crate::commands::error::{Words, config, http};
use crate::config::{ConfigError, MetadataSource};
use crate::foreign::{brief, shown};
use crate::http::{Client, HttpRequest, Method};
use crate::login::{look_at_metadata, read_metadata_file};
use crate::platform::Plane;
use crate::store::TokenStore;
use crate::time::{self, parse_http_date};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

/// How long a connection, and a whole answer, is waited for: a doctor that hangs is none.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(8);

/// What came of it.
pub(super) struct Answers {
    /// Whether there are authorities to believe servers by; `None` where nobody is asked over https.
    pub(super) authorities: Option<Result<(), Words>>,
    pub(super) platform: Asked,
    pub(super) link: Asked,
    pub(super) metadata: Metadata,
    pub(super) own_browser: Option<OwnBrowser>,
}

impl Answers {
    /// Asks the platform, the identity provider and the browser at the same time; where it is to be done offline, the
    /// browser alone.
    pub(super) fn gather(
        configuration: &Configuration,
        store: Option<&TokenStore>,
        is_offline: bool,
    ) -> Self {
        let client = client(configuration);
        let way: Result<&Client, &'static str> = match &client {
            _ if is_offline => Err(NOT_ASKED),
            Some(Ok(client)) => Ok(client),
            Some(Err(_)) => Err("not asked: the authorities cannot be read"),
            None => Err(NOT_SAID),
        };
        let program = match configuration.own_browser() {
            Some(own) => Some(&own.program),
            None => configuration.chromium.as_ref(),
        };
        let platform = configuration.plane().map(Plane::address);
        thread::scope(|scope| {
            let platform = scope.spawn(|| ask(way, platform));
            // As the browser would ask for it, since without its query it would be another page; but without a
            // RelayState of ours, and for its head alone. It is no secret: whoever may sign in finds it in the portal.
            let link = scope.spawn(|| ask(way, configuration.link()));
            let metadata = scope.spawn(|| metadata(configuration, way.ok(), store));
            let own_browser = scope.spawn(|| {
                program.map(|program| OwnBrowser {
                    program: program.clone(),
                    version: chromium::version(program),
                })
            });
            let asks_over_tls = configuration.addresses().iter().any(|to| to.is_https());
            Self {
                authorities: client.as_ref().filter(|_| asks_over_tls).map(authorities),
                platform: joined(platform),
                link: joined(link),
                metadata: joined(metadata),
                own_browser: joined(own_browser),
            }
        })
    }
}

/// What is said of everybody whom the configuration would have named.
const NOT_SAID: &str = "the configuration does not say";

/// A server's name as it may be shown, with its port where that is not the scheme's own.
pub(super) fn host(address: &WebAddress) -> String {
    brief(&address.authority())
}

/// The way to others that a login takes, for whoever has less patience.
fn client(configuration: &Configuration) -> Option<Result<Client, ConfigError>> {
    let connection = configuration.connection()?;
    Some(connection.client_within(CONNECT_PATIENCE, connection.timeout.min(PATIENCE)))
}

fn authorities(client: &Result<Client, ConfigError>) -> Result<(), Words> {
    let client = client.as_ref().map_err(config)?;
    client.read_authorities().map_err(|error| http(&error))
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Asks for the head of an address, once.
fn ask(client: Result<&Client, &'static str>, address: Option<&WebAddress>) -> Asked {
    let (client, address) = (client?, address.ok_or(NOT_SAID)?);
    let (started, asked) = (Instant::now(), time::now());
    let answer = client.send(HttpRequest {
        method: Method::Head,
        address,
        headers: &[],
        body: None,
        limit: 0,
    });
    let (took, answered) = (started.elapsed(), time::now());
    Ok(answer.map(|answer| {
        // What somebody on the way had kept tells no time.
        let is_kept = answer.header("age").is_some_and(|age| age != "0");
        let date = answer.header("date").filter(|_| !is_kept);
        let redirects = matches!(answer.status, 300..=399);
        let location = answer.header("location").filter(|_| redirects);
        Answered {
            host: host(address),
            status: answer.status,
            elsewhere: location.and_then(|location| address.host_elsewhere(location)),
            took,
            ahead: date
                .and_then(parse_http_date)
                .map(|date| ahead(date, asked, answered)),
        }
    }))
}

fn metadata(
    configuration: &Configuration,
    client: Option<&Client>,
    store: Option<&TokenStore>,
) -> Metadata {
    let issuer = configuration.issuer();
    match (configuration.metadata(), store) {
        (None, _) | (Some(MetadataSource::Url(_)), None) => Metadata::None,
        (Some(MetadataSource::File(path)), _) => Metadata::File {
            path: shown(&path.to_string_lossy(), 300),
            read: read_metadata_file(path, issuer),
        },
        (Some(MetadataSource::Url(address)), Some(store)) => {
            match look_at_metadata(client, &store.known(), address, issuer) {
                Err(error) => Metadata::Unusable(error),
                Ok(seen) => Metadata::Address {
                    address: shown(address.as_str(), 300),
                    seen,
                },
            }
        }
    }
}
