//! The parser and the canonical form, held against others that share no code with ours (roxmltree, and `naive`): a
//! document that is read here is read there, and any part of it has the same canonical form. And the canonical form reads
//! again as the same, and is its own canonical form from then on. (`libxml2.py` also asks the other way round.)
#![no_main]

mod naive;

use anyp_saml::xml::{Document, Element, Limits, parse};
use anyp_saml::xmldsig::c14n::{Options, canonicalize};
use libfuzzer_sys::fuzz_target;
use naive::Naive;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(document) = parse(bytes, &Limits::RESPONSE) {
        // Line ends are normalized "before parsing" (XML 1.0 section 2.11), which roxmltree does not do everywhere.
        let text = std::str::from_utf8(bytes).unwrap();
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let theirs = roxmltree::Document::parse(&text).expect("read here alone");
        same_canonical_form(&document, &theirs, bytes);
        is_its_own_canonical_form(&document);
    }
});

/// One element of the document, without another one in it, with some of its prefixes made inclusive: which ones, the
/// bytes themselves decide.
fn same_canonical_form(ours: &Document, theirs: &roxmltree::Document<'_>, bytes: &[u8]) {
    let mut choice = bytes.iter().fold(17_usize, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(*byte))
    });
    let mut choose = |count: usize| {
        let chosen = choice % count;
        choice /= count;
        chosen
    };
    let elements: Vec<Element<'_>> = ours.elements().collect();
    let nodes: Vec<_> = theirs
        .descendants()
        .filter(|node| node.is_element())
        .collect();
    assert_eq!(elements.len(), nodes.len());

    let apex = choose(elements.len());
    let below: Vec<_> = (apex + 1..elements.len())
        .filter(|index| elements[*index].is_within(elements[apex]))
        .collect();
    // As often none as one.
    let excluded = below.get(choose(2 * below.len() + 1)).copied();
    let mut prefixes: Vec<&str> = elements.iter().map(|element| element.prefix()).collect();
    prefixes.extend(["", "xs", "p"]);
    prefixes.sort_unstable();
    prefixes.dedup();
    prefixes.retain(|_| choose(3) == 0);

    let options = Options {
        inclusive_prefixes: &prefixes,
        exclude: excluded.map(|index| elements[index]),
    };
    let naive = Naive {
        apex: nodes[apex],
        exclude: excluded.map(|index| nodes[index]),
        inclusive_prefixes: &prefixes,
    };
    if let Ok(found) = canonicalize(elements[apex], &options) {
        assert_eq!(String::from_utf8(found).unwrap(), naive.canonical());
    }
}

fn is_its_own_canonical_form(document: &Document) {
    let options = Options::default();
    let Ok(once) = canonicalize(document.root(), &options) else {
        return;
    };
    let Ok(again) = parse(&once, &Limits::RESPONSE) else {
        // Longer than what it was made from, so perhaps beyond the limit; else it must read.
        let shown = String::from_utf8_lossy(&once);
        assert!(once.len() > Limits::RESPONSE.bytes, "{shown}");
        return;
    };
    let named = |document: &Document| -> Vec<String> {
        let elements = document.elements();
        elements
            .map(|element| {
                let (namespace, name) = (element.namespace(), element.local_name());
                format!("{namespace}|{name}|{}", element.text())
            })
            .collect()
    };
    assert_eq!(named(document), named(&again));
    assert_eq!(canonicalize(again.root(), &options).unwrap(), once);
}
