//! An identity provider's metadata: its name, its keys, its sign-in addresses (SAML Metadata 2.0).
//!
//! The metadata is trusted for the way it came here, a file or https, and is the source of all other trust: so it is
//! read as strictly as a response is, and a certificate is only one where the standard puts it.

use super::error::quoted;
use super::names::{DateTime, METADATA, PROTOCOL, SIGNATURE, children};
use crate::encoding::decode_base64;
use crate::time::{SignedDuration, Timestamp, parse_duration, to_the_second};
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
    /// How long the metadata may be kept before it is asked for again (`cacheDuration`, Metadata 2.3.2), where it says so.
    pub cache_duration: Option<SignedDuration>,
    /// Until when the metadata holds (`validUntil`, Metadata 2.3.2), where it says so.
    pub valid_until: Option<Timestamp>,
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
        "the metadata was valid until {} and it is {} now; fetch it anew from the identity provider",
        to_the_second(*.until),
        to_the_second(*.now)
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
    read(entity, valid_until(entity, now)?)
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
fn valid_until(entity: Element<'_>, now: Timestamp) -> Result<Option<Timestamp>, MetadataError> {
    let mut first = None;
    let around = std::iter::successors(Some(entity), |element| element.parent());
    for element in around.chain(descriptors(entity)) {
        let Some(written) = DateTime::read(element, "validUntil") else {
            continue;
        };
        match written.instant {
            None => return Err(MetadataError::ValidUntil(written.text)),
            Some(until) if until <= now => return Err(MetadataError::Expired { until, now }),
            Some(until) => first = Some(first.map_or(until, |first: Timestamp| first.min(until))),
        }
    }
    Ok(first)
}

fn read(
    entity: Element<'_>,
    valid_until: Option<Timestamp>,
) -> Result<IdentityProvider, MetadataError> {
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
        match from_base64(&certificate.text()) {
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
    let around = std::iter::successors(Some(entity), |element| element.parent());
    let cache_duration = around
        .chain(descriptors(entity))
        .filter_map(|element| parse_duration(element.attribute("cacheDuration")?))
        .min();
    Ok(IdentityProvider {
        entity_id,
        keys,
        cache_duration,
        valid_until,
        unusable,
        single_sign_on,
    })
}

fn from_base64(certificate: &str) -> Result<TrustedKey, KeyError> {
    let der = decode_base64(certificate).ok_or_else(|| KeyError::NotACertificate {
        reason: "it is not base64".to_owned(),
    })?;
    TrustedKey::from_certificate_der(&der)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::base64;

    const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

    fn certificate() -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new(vec!["idp.example".into()]).unwrap();
        base64(parameters.self_signed(&key).unwrap().der())
    }

    fn key(attributes: &str, certificate: &str) -> String {
        format!(
            "<md:KeyDescriptor{attributes}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n{certificate}\n\
             </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        )
    }

    fn entity(id: &str, attributes: &str, content: &str) -> String {
        format!(
            "<md:EntityDescriptor xmlns:md=\"{METADATA}\" xmlns:ds=\"{SIGNATURE}\" entityID=\"{id}\"{attributes}>\
             <md:IDPSSODescriptor protocolSupportEnumeration=\"urn:x {PROTOCOL}\">{content}\
             <md:SingleSignOnService Binding=\"{POST}\" Location=\"https://{id}/sso\"/>\
             </md:IDPSSODescriptor></md:EntityDescriptor>"
        )
    }

    fn group(content: &str) -> String {
        format!("<md:EntitiesDescriptor xmlns:md=\"{METADATA}\">{content}</md:EntitiesDescriptor>")
    }

    fn read(xml: &str, entity_id: Option<&str>) -> Result<IdentityProvider, MetadataError> {
        let now = "2026-01-15T12:00:00Z".parse().unwrap();
        parse(xml.as_bytes(), entity_id, now)
    }

    fn keys(content: &str) -> Result<usize, MetadataError> {
        read(&entity("idp", "", content), None).map(|provider| provider.keys.len())
    }

    #[test]
    fn the_name_the_keys_and_the_addresses_are_read() {
        let provider = read(&entity("idp", "", &key("", &certificate())), Some("idp")).unwrap();
        assert_eq!(provider.entity_id, "idp");
        assert_eq!(provider.keys.len(), 1);
        assert_eq!(provider.keys[0].description(), "P-256");
        assert_eq!(
            provider.single_sign_on,
            [(POST.into(), "https://idp/sso".into())]
        );
    }

    #[test]
    fn the_shortest_time_to_be_kept_counts() {
        let cached = |attributes: &str| {
            let entity = entity("idp", attributes, &key("", &certificate()));
            let group = group(&entity).replace(
                "<md:EntitiesDescriptor",
                "<md:EntitiesDescriptor cacheDuration=\"P2D\"",
            );
            read(&group, None).unwrap().cache_duration
        };
        assert_eq!(cached(""), Some(SignedDuration::from_hours(48)));
        let hours = " cacheDuration=\"PT6H\"";
        assert_eq!(cached(hours), Some(SignedDuration::from_hours(6)));
        assert_eq!(
            cached(" cacheDuration=\"soon\""),
            Some(SignedDuration::from_hours(48))
        );
    }

    #[test]
    fn a_key_without_a_use_signs_and_one_for_encryption_does_not() {
        let (one, two) = (certificate(), certificate());
        assert_eq!(keys(&key("", &one)).unwrap(), 1);
        assert_eq!(keys(&key(" use=\"signing\"", &one)).unwrap(), 1);
        let encryption = key(" use=\"encryption\"", &one);
        assert!(matches!(keys(&encryption), Err(MetadataError::NoKey(_))));
        assert!(matches!(
            keys(&key(" use=\"\"", &one)),
            Err(MetadataError::NoKey(_))
        ));
        // Key roll-over: both are good. The same one twice is one.
        let both = [
            key(" use=\"signing\"", &two),
            key("", &one),
            key("", &one),
            encryption,
        ]
        .concat();
        assert_eq!(keys(&both).unwrap(), 2);
    }

    #[test]
    fn a_certificate_is_one_only_in_its_place() {
        let good = key("", &certificate());
        for (from, to) in [
            ("ds:X509Certificate>", "md:X509Certificate>"),
            ("ds:X509Data>", "md:X509Data>"),
            ("ds:KeyInfo>", "md:KeyInfo>"),
            ("md:KeyDescriptor>", "md:Extensions>"),
        ] {
            assert!(
                matches!(keys(&good.replace(from, to)), Err(MetadataError::NoKey(_))),
                "{to}"
            );
        }
        let wrapped = format!("<md:Extensions>{good}</md:Extensions>");
        assert!(matches!(keys(&wrapped), Err(MetadataError::NoKey(_))));
    }

    #[test]
    fn a_certificate_that_cannot_be_used_is_told_and_does_not_hide_a_good_one() {
        for (broken, reason) in [("AAAA", "not an X.509"), ("A-A", "not base64")] {
            let broken = key("", broken);
            let error = keys(&broken).unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
            let both = entity("idp", "", &[broken, key("", &certificate())].concat());
            let provider = read(&both, None).unwrap();
            assert_eq!((provider.keys.len(), provider.unusable.len()), (1, 1));
        }
    }

    #[test]
    fn of_several_identity_providers_one_must_be_named() {
        let key = key("", &certificate());
        let service =
            "<md:EntityDescriptor entityID=\"sp\"><md:SPSSODescriptor/></md:EntityDescriptor>";
        let (one, two) = (entity("one", "", &key), entity("two", "", &key));
        let several = group(&format!("{one}{service}{}", group(&two)));
        assert_eq!(read(&several, Some("two")).unwrap().entity_id, "two");
        assert_eq!(
            read(&several, None).unwrap_err().to_string(),
            "the metadata describes several identity providers, so the issuer must be named; they are \"one\", \"two\""
        );
        assert_eq!(
            read(&several, Some("One")).unwrap_err().to_string(),
            "the metadata does not describe \"One\"; it describes \"one\", \"two\""
        );
        assert!(matches!(
            read(&several, Some("sp")),
            Err(MetadataError::NotFound { .. })
        ));
        // A federation has thousands.
        for (number, end) in [
            (8, "\"idp8\""),
            (9, "\"idp8\", 1 more"),
            (2000, ", 1992 more"),
        ] {
            let all: String = (1..=number)
                .map(|number| entity(&format!("idp{number}"), "", &key))
                .collect();
            let shown = read(&group(&all), None).unwrap_err().to_string();
            assert!(shown.ends_with(end), "{shown}");
        }
        let twice = group(&format!("{one}{one}"));
        assert!(matches!(
            read(&twice, Some("one")),
            Err(MetadataError::Twice(_))
        ));
        assert_eq!(
            read(&group(&format!("{service}{one}")), None)
                .unwrap()
                .entity_id,
            "one"
        );
        // Hidden in an extension of another entity it is nobody.
        let hidden = one.replace(
            "<md:IDPSSODescriptor",
            &format!("<md:Extensions>{two}</md:Extensions><md:IDPSSODescriptor"),
        );
        assert!(matches!(
            read(&hidden, Some("two")),
            Err(MetadataError::NotFound { .. })
        ));
        assert_eq!(read(&hidden, None).unwrap().entity_id, "one");
    }

    #[test]
    fn metadata_that_describes_no_identity_provider_is_refused() {
        let key = key("", &certificate());
        let other_protocol =
            entity("idp", "", &key).replace(PROTOCOL, "urn:oasis:names:tc:SAML:1.1:protocol");
        for none in [group(""), other_protocol, entity("", "", &key)] {
            assert!(
                matches!(read(&none, None), Err(MetadataError::NoIdentityProvider)),
                "{none}"
            );
        }
        assert!(matches!(read("<html/>", None), Err(MetadataError::Root(_))));
        let not_entity = entity("idp", "", &key).replace("md:EntityDescriptor", "md:Organization");
        assert!(matches!(
            read(&not_entity, None),
            Err(MetadataError::Root(_))
        ));
    }

    #[test]
    fn metadata_whose_time_is_over_is_refused_wherever_it_says_so() {
        let key = key("", &certificate());
        let over = " validUntil=\"2026-01-15T12:00:00Z\"";
        let of_the_group = group(&entity("idp", "", &key)).replace(
            "<md:EntitiesDescriptor",
            &format!("<md:EntitiesDescriptor{over}"),
        );
        let of_the_role = entity("idp", "", &key).replace(
            "<md:IDPSSODescriptor",
            &format!("<md:IDPSSODescriptor{over}"),
        );
        for xml in [entity("idp", over, &key), of_the_group, of_the_role] {
            assert!(
                matches!(read(&xml, None), Err(MetadataError::Expired { .. })),
                "{xml}"
            );
        }
        let later = " validUntil=\"2026-01-15T12:00:01Z\"";
        let provider = read(&entity("idp", later, &key), None).unwrap();
        assert_eq!(provider.valid_until, "2026-01-15T12:00:01Z".parse().ok());
        let never = " validUntil=\"never\"";
        assert!(matches!(
            read(&entity("idp", never, &key), None),
            Err(MetadataError::ValidUntil(_))
        ));
    }

    #[test]
    fn metadata_is_read_with_the_parser_of_responses_and_bounded() {
        assert!(matches!(
            read("<!DOCTYPE a><a/>", None),
            Err(MetadataError::Xml(XmlError::Doctype))
        ));
        let long = "x".repeat((2 << 20) + 1);
        assert!(matches!(
            read(&long, None),
            Err(MetadataError::Xml(XmlError::TooLarge { .. }))
        ));
    }
}
