//! Identifiers: a reference must mean one element, whoever reads it.

use std::collections::HashSet;

use super::NAMESPACE;
use crate::foreign::brief;
use crate::xml::{Attribute, Document};

/// Namespaces whose own elements are identified by `Id`: XML Signature and XML Encryption, 1.0 and 1.1.
const OTHER_ID_NAMESPACES: [&str; 4] = [
    NAMESPACE,
    "http://www.w3.org/2001/04/xmlenc#",
    "http://www.w3.org/2009/xmldsig11#",
    "http://www.w3.org/2009/xmlenc11#",
];

/// What is wrong with the identifiers of a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A value twice, whatever the attributes are called.
    #[error("two elements have the ID \"{}\"", brief(.value))]
    Duplicate {
        /// The value.
        value: String,
    },
    /// An attribute that some readers take for an identifier and others do not.
    #[error("the attribute \"{}\" could be taken for an ID", brief(.name))]
    Pollution {
        /// Its name as written, as `xml:id`.
        name: String,
    },
}

impl IdError {
    /// The code of the rule that was broken.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Duplicate { .. } => "ID-DUP",
            Self::Pollution { .. } => "ID-POLLUTION",
        }
    }
}

/// Checks that nothing but an identifier looks like one: in SAML an element is identified by its un-namespaced attribute
/// `ID` (Core 1.3.4), in signatures and encryption by `Id`.
///
/// # Errors
/// The first attribute in document order that does.
pub fn check_plain_ids(document: &Document) -> Result<(), IdError> {
    for element in document.elements() {
        let expected = if OTHER_ID_NAMESPACES.contains(&element.namespace()) {
            "Id"
        } else {
            "ID"
        };
        for attribute in element.attributes().filter(resembles_an_id) {
            if !attribute.namespace.is_empty() || attribute.local_name != expected {
                let Attribute {
                    prefix, local_name, ..
                } = attribute;
                let colon = if prefix.is_empty() { "" } else { ":" };
                return Err(IdError::Pollution {
                    name: format!("{prefix}{colon}{local_name}"),
                });
            }
        }
    }
    Ok(())
}

/// Checks that no two attributes that could be taken for identifiers have one value.
///
/// # Errors
/// The first attribute in document order that has the value of another one.
pub fn check_unique_ids(document: &Document) -> Result<(), IdError> {
    let mut seen = HashSet::new();
    let mut all = document
        .elements()
        .flat_map(|element| element.attributes().filter(resembles_an_id));
    match all.find(|attribute| !seen.insert(attribute.value)) {
        Some(Attribute { value, .. }) => Err(IdError::Duplicate {
            value: value.to_owned(),
        }),
        None => Ok(()),
    }
}

/// How many attributes that could be taken for identifiers have this value.
pub(super) fn count(document: &Document, value: &str) -> usize {
    document
        .elements()
        .flat_map(|element| element.attributes().filter(resembles_an_id))
        .filter(|attribute| attribute.value == value)
        .count()
}

/// `ID`, `Id`, `id`, `xml:id`, `wsu:Id` and all their like.
fn resembles_an_id(attribute: &Attribute<'_>) -> bool {
    attribute.local_name.eq_ignore_ascii_case("id")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Limits, parse};

    fn code(text: &str) -> &'static str {
        let document = parse(text.as_bytes(), &Limits::RESPONSE).unwrap();
        check_plain_ids(&document)
            .and_then(|()| check_unique_ids(&document))
            .map_or_else(|error| error.code(), |()| "good")
    }

    #[test]
    fn one_name_and_every_value_once() {
        assert_eq!(code("<a ID='1'><b ID='2'/></a>"), "good");
        assert_eq!(code("<a ID='1'><b ID='1'/></a>"), "ID-DUP");
        // Whichever name a reader takes for the identifier's, there are two.
        for twice in ["<a ID='1'><b Id='1'/></a>", "<a ID='1'><b xml:id='1'/></a>"] {
            assert_eq!(code(twice), "ID-POLLUTION");
            let document = parse(twice.as_bytes(), &Limits::RESPONSE).unwrap();
            assert_eq!(check_unique_ids(&document).unwrap_err().code(), "ID-DUP");
        }
        for polluted in ["Id", "id", "iD", "xml:id"] {
            assert_eq!(
                code(&format!("<a {polluted}='1'/>")),
                "ID-POLLUTION",
                "{polluted}"
            );
        }
        assert_eq!(code("<a xmlns:w='urn:w' w:ID='1'/>"), "ID-POLLUTION");
    }

    #[test]
    fn signatures_and_encryption_have_ids_of_their_own() {
        for namespace in OTHER_ID_NAMESPACES {
            assert_eq!(
                code(&format!("<a ID='1'><b xmlns='{namespace}' Id='2'/></a>")),
                "good"
            );
            assert_eq!(
                code(&format!("<a ID='1'><b xmlns='{namespace}' Id='1'/></a>")),
                "ID-DUP"
            );
            assert_eq!(
                code(&format!("<a><b xmlns='{namespace}' ID='1'/></a>")),
                "ID-POLLUTION"
            );
        }
    }

    #[test]
    fn the_error_names_what_it_found() {
        let document = parse(b"<a xmlns:w='urn:w' w:Id='1'/>", &Limits::RESPONSE).unwrap();
        let error = check_plain_ids(&document).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the attribute \"w:Id\" could be taken for an ID"
        );
    }
}
