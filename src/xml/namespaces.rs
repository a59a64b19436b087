//! Which prefix means which namespace, while a document is read.

use std::collections::HashMap;

use super::names::{NamespaceName, is_nc_name, namespace_name};
use super::parse::Refusal;
use super::{Defect, NO_NAMESPACE, NamespaceId, XML_NAMESPACE, XmlError};

/// The namespace of declarations themselves, which nothing may be bound to (Namespaces in XML 1.0 section 3).
const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";

/// The bindings in force at one place of a document, and every namespace name met so far.
pub(super) struct Namespaces<'t> {
    /// What every prefix is bound to here, the innermost binding last: one look-up costs the same at any depth.
    bindings: HashMap<&'t str, Vec<NamespaceId>>,
    ids: HashMap<String, NamespaceId>,
    /// The names by their ids.
    names: Vec<String>,
}

impl<'t> Namespaces<'t> {
    /// What holds before anything is declared.
    pub(super) fn new() -> Self {
        // The id of the first name is NO_NAMESPACE.
        let mut namespaces = Self {
            bindings: HashMap::from([("", vec![NO_NAMESPACE])]),
            ids: HashMap::from([(String::new(), NO_NAMESPACE)]),
            names: vec![String::new()],
        };
        let xml = namespaces.intern(XML_NAMESPACE);
        namespaces.bindings.insert("xml", vec![xml]);
        namespaces
    }

    /// Takes a declaration into force; an empty prefix is the default namespace.
    pub(super) fn bind(&mut self, prefix: &'t str, name: &str) -> Result<NamespaceId, Refusal> {
        check_binding(prefix, name)?;
        let id = self.intern(name);
        self.bindings.entry(prefix).or_default().push(id);
        Ok(id)
    }

    /// Ends the innermost declaration of a prefix.
    pub(super) fn unbind(&mut self, prefix: &str) {
        if let Some(bound) = self.bindings.get_mut(prefix) {
            bound.pop();
        }
    }

    /// What a prefix means here. The empty one always means something.
    pub(super) fn lookup(&self, prefix: &str) -> Result<NamespaceId, Refusal> {
        self.bindings
            .get(prefix)
            .and_then(|bound| bound.last())
            .copied()
            .ok_or_else(|| Defect::UnboundPrefix(prefix.to_owned()).into())
    }

    /// All names met, by their ids.
    pub(super) fn into_names(self) -> Vec<String> {
        self.names
    }

    fn intern(&mut self, name: &str) -> NamespaceId {
        if let Some(known) = self.ids.get(name) {
            return *known;
        }
        let id = self.names.len();
        self.names.push(name.to_owned());
        self.ids.insert(name.to_owned(), id);
        id
    }
}

/// The prefix that an attribute of this name declares: empty for `xmlns`, `p` for `xmlns:p`; `None` for any other
/// attribute.
pub(super) fn declared_prefix(name: &str) -> Option<&str> {
    match name.strip_prefix("xmlns")? {
        "" => Some(""),
        rest => rest.strip_prefix(':').filter(|prefix| !prefix.is_empty()),
    }
}

/// Namespaces in XML 1.0 section 3: which prefixes may be bound to what; and our own rule on namespace names.
fn check_binding(prefix: &str, namespace: &str) -> Result<(), Refusal> {
    if !prefix.is_empty() && !is_nc_name(prefix) {
        return Err(Defect::Name(prefix.to_owned()).into());
    }
    let allowed = match prefix {
        "xmlns" => false,
        "xml" => namespace == XML_NAMESPACE,
        // `xmlns=""` takes the default namespace back; a prefix cannot be taken back in version 1.0.
        "" if namespace.is_empty() => return Ok(()),
        _ => !namespace.is_empty() && namespace != XML_NAMESPACE && namespace != XMLNS_NAMESPACE,
    };
    if !allowed {
        return Err(Defect::Declaration(prefix.to_owned()).into());
    }
    match namespace_name(namespace) {
        NamespaceName::Absolute => Ok(()),
        NamespaceName::Relative => Err(XmlError::RelativeNamespace {
            found: namespace.to_owned(),
        }
        .into()),
        NamespaceName::NotAUri => Err(Defect::Namespace(namespace.to_owned()).into()),
    }
}
