//! Exclusive canonicalization a second time, on the tree of another parser (roxmltree), as the standard words it: what a
//! prefix means, and whether a reader of the output knows it already, is looked for anew at every element. Slow, and
//! nothing to get out of step.

use roxmltree::{Attribute, Node};

pub struct Naive<'a, 'd> {
    pub apex: Node<'a, 'd>,
    pub exclude: Option<Node<'a, 'd>>,
    pub inclusive_prefixes: &'a [&'a str],
}

impl<'a, 'd> Naive<'a, 'd> {
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        self.write(self.apex, &mut out);
        out
    }

    fn write(&self, node: Node<'a, 'd>, out: &mut String) {
        if self.exclude == Some(node) {
        } else if node.is_element() {
            let name = written_name(node);
            out.push_str(&format!("<{name}"));
            for (prefix, namespace) in self.declarations(node) {
                let colon = if prefix.is_empty() { "" } else { ":" };
                let namespace = escaped(&namespace, "&<\"\t\n\r");
                out.push_str(&format!(" xmlns{colon}{prefix}=\"{namespace}\""));
            }
            let mut attributes: Vec<Attribute<'_, '_>> = node.attributes().collect();
            attributes.sort_by_key(|one| (one.namespace().unwrap_or(""), one.name()));
            for attribute in attributes {
                let name = &node.document().input_text()[attribute.range_qname()];
                let value = escaped(attribute.value(), "&<\"\t\n\r");
                out.push_str(&format!(" {name}=\"{value}\""));
            }
            out.push('>');
            node.children().for_each(|child| self.write(child, out));
            out.push_str(&format!("</{name}>"));
        } else if node.is_text() {
            out.push_str(&escaped(node.text().unwrap(), "&<>\r"));
        }
    }

    /// Exclusive XML Canonicalization 1.0 section 3, step 3: a namespace that is visibly utilized, or whose prefix is
    /// on the list and means something here, is declared unless the nearest output ancestor that has it, by the same
    /// measure, had the same one.
    fn declarations(&self, element: Node<'a, 'd>) -> Vec<(&'a str, String)> {
        let mut prefixes: Vec<&str> = utilized(element);
        prefixes.extend(self.inclusive_prefixes);
        prefixes.sort_unstable();
        prefixes.dedup();
        let above = |prefix: &str| {
            let ancestors = element.ancestors().take_while(|above| *above != self.apex);
            let apex = (element != self.apex).then_some(self.apex);
            let mut output = ancestors.skip(1).chain(apex);
            output.find_map(|above| self.had(above, prefix))
        };
        let mut declared = Vec::new();
        for prefix in prefixes {
            let Some(namespace) = self.had(element, prefix) else {
                continue;
            };
            // Where nobody above said anything, the default namespace is none, and `xml` is what it is.
            let known = above(prefix).or_else(|| prefix.is_empty().then(String::new));
            if prefix != "xml" && known.as_ref() != Some(&namespace) {
                declared.push((prefix, namespace));
            }
        }
        declared
    }

    /// What the output says at an element that a prefix means, if it says so there.
    fn had(&self, element: Node<'a, 'd>, prefix: &str) -> Option<String> {
        if !utilized(element).contains(&prefix) && !self.inclusive_prefixes.contains(&prefix) {
            return None;
        }
        match meaning(element, prefix) {
            None if prefix.is_empty() => Some(String::new()),
            namespace => namespace,
        }
    }
}

/// The innermost declaration of a prefix, as roxmltree lists them.
fn meaning(element: Node<'_, '_>, prefix: &str) -> Option<String> {
    let prefix = (!prefix.is_empty()).then_some(prefix);
    let found = element.lookup_namespace_uri(prefix);
    found.filter(|uri| !uri.is_empty()).map(str::to_owned)
}

fn utilized<'a>(element: Node<'a, '_>) -> Vec<&'a str> {
    let text = element.document().input_text();
    let prefixes = element.attributes().filter_map(|attribute| {
        let (prefix, _) = text[attribute.range_qname()].split_once(':')?;
        Some(prefix)
    });
    let own = written_name(element).split_once(':');
    prefixes
        .chain([own.map_or("", |(prefix, _)| prefix)])
        .collect()
}

fn written_name<'a>(element: Node<'a, '_>) -> &'a str {
    let tag = &element.document().input_text()[element.range()][1..];
    let end = tag.find(['>', '/', ' ', '\t', '\r', '\n']);
    &tag[..end.unwrap()]
}

/// Canonical XML 1.0 section 2.3: some characters, as the entity or the reference that stands for them.
fn escaped(text: &str, which: &str) -> String {
    text.chars()
        .map(|character| match character {
            other if !which.contains(other) => other.to_string(),
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            white_space => format!("&#x{:X};", u32::from(white_space)),
        })
        .collect()
}
