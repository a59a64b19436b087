//! An identity provider's metadata: its name, its keys, its sign-in addresses (SAML Metadata 2.0).
//!
//! The metadata is trusted for the way it came here, a file or https, and is the source of all other trust: so it is
//! read as strictly as a response is, and a certificate is only one where the standard puts it.

use super::error::quoted;
use super::names::{DateTime, METADATA, PROTOCOL, SIGNATURE, children};
use crate::encoding::decode_base64;
use crate::time::Timestamp;
use crate::xml::{self, Element, Limits, XmlError};
use crate::xmldsig::{KeyError, TrustedKey};
use thiserror::Error;

/// What a login needs to know of an identity provider.
#[derive(Clone, Debug)]
pub struct IdentityProvider {
    /// Its name, letter for letter what `Issuer` must be.
    pub entity_id: String,
    /// The keys it may sign with; at least one.
    pub keys: Vec<TrustedKey>,
    /// Signing certificates that cannot be used here, each with its reason: an unusual kind of key, say.
    pub unusable: Vec<KeyError>,
    /// Where it signs users in, as pairs of binding and location (Metadata 2.4.3). Not checked to be web addresses.
    pub single_sign_on: Vec<(String, String)>,
}

/// Why metadata is not taken. Texts of the metadata are made safe to show by `Display` alone.
#[derive(Clone, Debug, Error)]
pub enum MetadataError {
    /// Not XML, or not within limits.
    #[error("the metadata cannot be read: {0}")]
    Xml(#[from] XmlError),
    /// Another document.
    #[error("this is no SAML metadata: its root element is {}, not md:EntityDescriptor or md:EntitiesDescriptor", quoted(Some(.0)))]
    Root(String),
    /// Nobody is described, or nobody by that name.
    #[error("the metadata does not describe {}; it describes {}", quoted(Some(.wanted)), listed(.found))]
    NotFound {
        /// The entity id asked for.
        wanted: String,
        /// The identity providers that are there.
        found: Vec<String>,
    },
    /// No identity provider at all.
    #[error(
        "the metadata describes no SAML 2.0 identity provider (md:IDPSSODescriptor); is it that of a service provider?"
    )]
    NoIdentityProvider,
    /// More than one, and none was named.
    #[error("the metadata describes several identity providers, so the issuer must be named; they are {}", listed(.0))]
    Several(Vec<String>),
    /// The same name more than once.
    #[error("the metadata describes {} more than once", quoted(Some(.0)))]
    Twice(String),
    /// `validUntil` has passed.
    #[error(
        "the metadata was valid until {until} and it is {now} now; fetch it anew from the identity provider"
    )]
    Expired {
        /// Its end.
        until: Timestamp,
        /// This machine's clock.
        now: Timestamp,
    },
    /// `validUntil` is no time.
    #[error("the metadata's validUntil is {}, which is no time in UTC", quoted(Some(.0)))]
    ValidUntil(String),
    /// No certificate that a response could be signed with. Without one nothing could be checked.
    #[error("the metadata has no signing certificate for {}", quoted(Some(.0)))]
    NoKey(String),
    /// Certificates, but none that can be used.
    #[error("the metadata has no usable signing certificate: {0}")]
    UnusableKey(#[source] KeyError),
    /// A certificate that is not base64.
    #[error("a signing certificate in the metadata is not base64")]
    CertificateEncoding,
}

/// Reads metadata, and takes from it the identity provider called `entity_id`, or the only one there is.
///
/// # Errors
/// It cannot be read, has expired, describes several or none, or gives no usable key.
pub fn parse(
    bytes: &[u8],
    entity_id: Option<&str>,
    now: Timestamp,
) -> Result<IdentityProvider, MetadataError> {
    let document = xml::parse(bytes, &Limits::METADATA)?;
    let root = document.root();
    let is_entity = |element: &Element<'_>| element.is(METADATA, "EntityDescriptor");
    let is_group = |element: &Element<'_>| element.is(METADATA, "EntitiesDescriptor");
    if !is_entity(&root) && !is_group(&root) {
        return Err(MetadataError::Root(root.local_name().to_owned()));
    }
    // An entity stands at the root, or below groups of entities and nothing else (Metadata 2.3.1).
    let in_its_place = |entity: &Element<'_>| {
        std::iter::successors(entity.parent(), |element| element.parent())
            .all(|above| is_group(&above))
    };
    let described: Vec<_> = std::iter::once(root)
        .chain(root.descendants())
        .filter(|element| is_entity(element) && in_its_place(element))
        .filter(|entity| descriptors(*entity).next().is_some())
        .filter(|entity| {
            entity
                .attribute("entityID")
                .is_some_and(|id| !id.is_empty())
        })
        .collect();
    let entity = choose(&described, entity_id)?;
    check_valid_until(entity, now)?;
    read(entity)
}

/// The roles of an entity in which it signs users in with SAML 2.0.
fn descriptors<'d>(entity: Element<'d>) -> impl Iterator<Item = Element<'d>> {
    children(entity, METADATA, "IDPSSODescriptor").filter(|role| {
        role.attribute("protocolSupportEnumeration")
            .is_some_and(|protocols| {
                protocols
                    .split_ascii_whitespace()
                    .any(|name| name == PROTOCOL)
            })
    })
}

fn choose<'d>(
    described: &[Element<'d>],
    entity_id: Option<&str>,
) -> Result<Element<'d>, MetadataError> {
    let id = |entity: &Element<'d>| entity.attribute("entityID").unwrap_or_default().to_owned();
    let wanted: Vec<_> = described
        .iter()
        .filter(|entity| entity_id.is_none_or(|wanted| id(entity) == wanted))
        .copied()
        .collect();
    let ids = || described.iter().map(id).collect();
    match (wanted.as_slice(), entity_id) {
        ([one], _) => Ok(*one),
        _ if described.is_empty() => Err(MetadataError::NoIdentityProvider),
        ([], Some(wanted)) => Err(MetadataError::NotFound {
            wanted: wanted.to_owned(),
            found: ids(),
        }),
        (_, Some(wanted)) => Err(MetadataError::Twice(wanted.to_owned())),
        (_, None) => Err(MetadataError::Several(ids())),
    }
}

/// The end of what holds for a part holds for all within it (Metadata 2.3.1, 2.3.2, 2.4.1).
fn check_valid_until(entity: Element<'_>, now: Timestamp) -> Result<(), MetadataError> {
    let around = std::iter::successors(Some(entity), |element| element.parent());
    for element in around.chain(descriptors(entity)) {
        let Some(written) = DateTime::read(element, "validUntil") else {
            continue;
        };
        match written.instant {
            None => return Err(MetadataError::ValidUntil(written.text)),
            Some(until) if until <= now => return Err(MetadataError::Expired { until, now }),
            Some(_) => {}
        }
    }
    Ok(())
}

fn read(entity: Element<'_>) -> Result<IdentityProvider, MetadataError> {
    let entity_id = entity.attribute("entityID").unwrap_or_default().to_owned();
    // Without a use a key is for both (Metadata 2.4.1.1); overlooking that was CVE-2026-16443.
    let signs = |key: &Element<'_>| matches!(key.attribute("use"), None | Some("signing"));
    let certificates = descriptors(entity)
        .flat_map(|role| children(role, METADATA, "KeyDescriptor"))
        .filter(signs)
        .flat_map(|key| children(key, SIGNATURE, "KeyInfo"))
        .flat_map(|info| children(info, SIGNATURE, "X509Data"))
        .flat_map(|data| children(data, SIGNATURE, "X509Certificate"));

    let mut keys: Vec<TrustedKey> = Vec::new();
    let mut unusable = Vec::new();
    for certificate in certificates {
        let der = decode_base64(&certificate.text()).ok_or(MetadataError::CertificateEncoding)?;
        match TrustedKey::from_certificate_der(&der) {
            Ok(key)
                if keys
                    .iter()
                    .all(|known| known.fingerprint() != key.fingerprint()) =>
            {
                keys.push(key)
            }
            Ok(_) => {}
            Err(error) => unusable.push(error),
        }
    }
    if keys.is_empty() {
        return Err(match unusable.into_iter().next() {
            Some(error) => MetadataError::UnusableKey(error),
            None => MetadataError::NoKey(entity_id),
        });
    }
    let single_sign_on = descriptors(entity)
        .flat_map(|role| children(role, METADATA, "SingleSignOnService"))
        .filter_map(|service| {
            let attribute = |name| service.attribute(name).map(str::to_owned);
            Some((attribute("Binding")?, attribute("Location")?))
        })
        .collect();
    Ok(IdentityProvider {
        entity_id,
        keys,
        unusable,
        single_sign_on,
    })
}

/// A few names in quotes.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut listed: Vec<_> = names
        .iter()
        .take(SHOWN)
        .map(|name| quoted(Some(name)))
        .collect();
    if names.len() > SHOWN {
        listed.push(format!("{} more", names.len() - SHOWN));
    }
    listed.join(", ")
}
