use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Result<Document, XmlError> {
    parse(text.as_bytes(), &Limits::RESPONSE)
}

#[track_caller]
fn root_text(text: &str) -> String {
    read(text).unwrap().root().text().into_owned()
}

#[track_caller]
fn defect(text: &str) -> Defect {
    match read(text) {
        Err(XmlError::NotWellFormed { defect, .. }) => defect,
        other => panic!("{text}: {other:?}"),
    }
}

#[track_caller]
fn error(bytes: impl AsRef<[u8]>) -> XmlError {
    parse(bytes.as_ref(), &Limits::RESPONSE).unwrap_err()
}

#[test]
fn references_are_resolved_and_no_others_are_known() {
    assert_eq!(
        root_text("<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x0042;</a>"),
        "<>&'\"AB"
    );
    assert_eq!(root_text("<a>&#x10FFFF;&#13;</a>"), "\u{10ffff}\r");
    for name in [
        "nbsp",
        "LT",
        "",
        "#",
        "#x",
        "#X41",
        "#+65",
        "#x+41",
        "#-1",
        "#4294967361",
        "#xD800",
        "#x110000",
        "a b",
    ] {
        assert_eq!(
            defect(&format!("<a>&{name};</a>")),
            Defect::Reference(name.into())
        );
        assert_eq!(
            defect(&format!("<a b='&{name};'/>")),
            Defect::Reference(name.into())
        );
    }
    for number in [0, 8, 0x1b, 0xfffe] {
        let character = char::from_u32(number).unwrap();
        assert_eq!(
            defect(&format!("<a>&#{number};</a>")),
            Defect::Character(character)
        );
        assert_eq!(
            defect(&format!("<a b='&#{number};'/>")),
            Defect::Character(character)
        );
    }
    for text in ["<a>&lt</a>", "<a>& </a>", "<a>&&lt;</a>", "<a b='&lt'/>"] {
        assert_eq!(defect(text), Defect::UnclosedReference, "{text}");
    }
}

#[test]
fn line_ends_become_line_feeds_in_text_and_cdata() {
    assert_eq!(root_text("<a>1\r\n2\r3\n4\r\r\n5</a>"), "1\n2\n3\n4\n\n5");
    assert_eq!(root_text("<a><![CDATA[1\r\n2\r3]]></a>"), "1\n2\n3");
    assert_eq!(root_text("<a>1\r<![CDATA[\n2]]></a>"), "1\n\n2");
    // Line ends of XML 1.1 are characters like any other here.
    assert_eq!(root_text("<a>\u{85}\u{2028}</a>"), "\u{85}\u{2028}");
}

#[test]
fn white_space_in_an_attribute_becomes_spaces_unless_it_is_written_as_a_reference() {
    let document = read("<a b='1\t2\n3\r\n4\r5&#9;&#10;&#xD;6 &lt;&quot;'/>").unwrap();
    assert_eq!(document.root().attribute("b"), Some("1 2 3 4 5\t\n\r6 <\""));
}

#[test]
fn pieces_of_text_are_one_text_unless_something_stands_between() {
    let document = read("<a>1&amp;<![CDATA[2]]>3<b>4</b>5<!---->6<![CDATA[]]></a>").unwrap();
    let texts: Vec<_> = document
        .root()
        .walk(None)
        .filter_map(|step| match step {
            crate::xml::Step::Text(text) => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(texts, ["1&23", "4", "5", "6"]);
}

#[test]
fn what_is_not_well_formed_is_refused_for_its_reason() {
    let name = |name: &str| Defect::Name(name.into());
    let cases = [
        ("", Defect::NoRoot),
        ("  ", Defect::NoRoot),
        ("<!-- only -->", Defect::NoRoot),
        ("text", Defect::TextOutsideRoot),
        ("\u{feff}\u{feff}<a/>", Defect::TextOutsideRoot),
        ("<a/>text", Defect::TextOutsideRoot),
        ("<a/>&lt;", Defect::TextOutsideRoot),
        ("<a/><![CDATA[]]>", Defect::TextOutsideRoot),
        ("<a/><b/>", Defect::SecondRoot),
        ("<a></a><a></a>", Defect::SecondRoot),
        ("<a>", Defect::Truncated),
        ("<a", Defect::Truncated),
        ("<a b='", Defect::Truncated),
        ("<a><!-- ", Defect::Truncated),
        ("<a><![CDATA[ ]]", Defect::Truncated),
        ("<a></b>", Defect::EndTag("b".into())),
        ("<a></a></a>", Defect::EndTag("a".into())),
        ("<a></ a>", Defect::EndTag(" a".into())),
        ("<a></a b='c'>", Defect::EndTag("a b='c'".into())),
        ("<a><!ELEMENT b></a>", Defect::Markup),
        ("<a><![IGNORE[ ]]></a>", Defect::Truncated),
        ("<>", name("")),
        ("< a/>", name("")),
        ("<a/ >", name("a/")),
        ("<1/>", name("1")),
        ("<a:b:c/>", name("a:b:c")),
        ("<:a/>", name(":a")),
        ("<a 1='x'/>", name("1")),
        ("<a ='x'/>", name("")),
        ("<a b/>", Defect::Attribute),
        ("<a b=c/>", Defect::Attribute),
        ("<a b='c'd='e'/>", Defect::Attribute),
        ("<a b='c' d/>", Defect::Attribute),
        ("<a b='<'/>", Defect::LessThan),
        ("<a b='1' b='2'/>", Defect::DuplicateAttribute("b".into())),
        ("<a>]]></a>", Defect::CDataEnd),
        ("<a><!-- -- --></a>", Defect::CommentHyphens),
        ("<a><!-- ---></a>", Defect::CommentHyphens),
        ("<a>\u{0}</a>", Defect::Character('\0')),
        ("<a>\u{1b}</a>", Defect::Character('\u{1b}')),
        ("<a b='\u{ffff}'/>", Defect::Character('\u{ffff}')),
    ];
    for (text, expected) in cases {
        assert_eq!(defect(text), expected, "{text}");
    }
}

#[test]
fn namespaces_are_bound_as_they_must_be() {
    let unbound = |prefix: &str| Defect::UnboundPrefix(prefix.into());
    let declaration = |prefix: &str| Defect::Declaration(prefix.into());
    let cases = [
        ("<p:a/>", unbound("p")),
        ("<a p:b='c'/>", unbound("p")),
        ("<a><b xmlns:p='urn:p'/><p:c/></a>", unbound("p")),
        ("<xmlns:a/>", unbound("xmlns")),
        ("<a xmlns:p=''/>", declaration("p")),
        ("<a xmlns:xmlns='urn:x'/>", declaration("xmlns")),
        ("<a xmlns:xml='urn:x'/>", declaration("xml")),
        (
            "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
            declaration("p"),
        ),
        (
            "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
            declaration(""),
        ),
        (
            "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
            declaration(""),
        ),
        ("<a xmlns:='urn:x'/>", Defect::Name("xmlns:".into())),
        ("<a xmlns:1='urn:x'/>", Defect::Name("1".into())),
        (
            "<a xmlns:p='urn:x' xmlns:p='urn:x'/>",
            Defect::DuplicateAttribute("xmlns:p".into()),
        ),
        (
            "<a xmlns='urn:x' xmlns='urn:x'/>",
            Defect::DuplicateAttribute("xmlns".into()),
        ),
        (
            "<a xmlns:p='urn:x' xmlns:q='urn:x' p:b='1' q:b='2'/>",
            Defect::DuplicateAttribute("q:b".into()),
        ),
        ("<a xmlns='urn:x '/>", Defect::Namespace("urn:x ".into())),
        (
            "<a xmlns:p='http://a\u{80}'/>",
            Defect::Namespace("http://a\u{80}".into()),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(defect(text), expected, "{text}");
    }
    for good in [
        "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='de'/>",
        "<a xmlns='urn:a'><b xmlns=''><c xmlns='urn:c'/></b></a>",
        "<a xmlns:p='urn:p' p:b='1' b='2'/>",
        "<p:a p:b='c' xmlns:p='urn:p'/>",
    ] {
        assert!(read(good).is_ok(), "{good}");
    }
}

#[test]
fn a_binding_ends_with_its_element() {
    let document = read("<a xmlns='urn:1'><b xmlns='urn:2'/><b/><b xmlns=''/><b/></a>").unwrap();
    let found: Vec<_> = document
        .elements()
        .map(|element| element.namespace())
        .collect();
    assert_eq!(found, ["urn:1", "urn:2", "urn:1", "", "urn:1"]);
}

#[test]
fn a_relative_namespace_has_its_own_code() {
    let found = error("<a><b xmlns:v='1'/></a>");
    assert_eq!(found, XmlError::RelativeNamespace { found: "1".into() });
    assert_eq!(found.code(), "NS-RELATIVE");
}

#[test]
fn any_doctype_is_refused_before_it_is_read() {
    for text in [
        "<!DOCTYPE a><a/>",
        "<!doctype html><html/>",
        "<!DOCTYPE a [ <!ENTITY b \"c\"> ]><a>&b;</a>",
        "<!DOCTYPE",
        "<a/><!DOCTYPE a>",
        "<a><!DOCTYPE a></a>",
    ] {
        assert_eq!(error(text), XmlError::Doctype, "{text}");
    }
    assert_eq!(
        root_text("<a><!--<!DOCTYPE a>--><![CDATA[<!DOCTYPE a>]]></a>"),
        "<!DOCTYPE a>"
    );
}

#[test]
fn any_processing_instruction_is_refused() {
    for text in [
        "<?xml-stylesheet href='x'?><a/>",
        "<a><?p d?></a>",
        "<a/><?p?>",
        "<?XML version='1.0'?><a/>",
    ] {
        assert_eq!(error(text).code(), "XML-PI", "{text}");
    }
}

#[test]
fn the_declaration_says_xml_1_0_and_utf_8_or_the_document_is_refused() {
    for good in [
        "<?xml version='1.0'?><a/>",
        "<?xml version=\"1.0\" encoding=\"utf-8\" standalone='no' ?>\r\n<a/>",
        "\u{feff}<?xml version='1.0' encoding='UTF-8'?><a/>",
    ] {
        assert!(read(good).is_ok(), "{good}");
    }
    for (text, code) in [
        ("<?xml version='1.1'?><a/>", "XML-VERSION"),
        (
            "<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
            "XML-ENCODING",
        ),
        (
            "<?xml version='1.0' encoding='UTF-16'?><a/>",
            "XML-ENCODING",
        ),
        ("<?xml version='1.0' encoding='UTF-7'?><a/>", "XML-ENCODING"),
        ("<?xml?><a/>", "XML-WF"),
        ("<?xml encoding='UTF-8'?><a/>", "XML-WF"),
        ("<?xml version='1.0' standalone='maybe'?><a/>", "XML-WF"),
        (
            "<?xml version='1.0' standalone='no' encoding='UTF-8'?><a/>",
            "XML-WF",
        ),
        ("<?xml version='1.0'encoding='UTF-8'?><a/>", "XML-WF"),
        ("<?xml version='1.0' versions='1.0'?><a/>", "XML-WF"),
        (" <?xml version='1.0'?><a/>", "XML-WF"),
        ("<?xml version='1.0'?><?xml version='1.0'?><a/>", "XML-WF"),
        ("<a><?xml version='1.0'?></a>", "XML-WF"),
    ] {
        assert_eq!(error(text).code(), code, "{text}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    let utf16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let cases: [Vec<u8>; 5] = [
        b"<a>\xff</a>".to_vec(),
        b"<a>\xc0\xbc</a>".to_vec(),
        b"<a>\xed\xa0\x80</a>".to_vec(),
        utf16("\u{feff}<a/>"),
        utf16("<a/>"),
    ];
    for bytes in cases {
        assert_eq!(error(&bytes).code(), "XML-ENCODING", "{bytes:?}");
    }
}

#[test]
fn every_limit_holds_at_its_edge() {
    let limits = Limits {
        bytes: 200,
        depth: 3,
        elements: 5,
        attributes: 2,
        namespaces: 1,
    };
    let code = |text: &str| match parse(text.as_bytes(), &limits) {
        Ok(_) => "fits",
        Err(error) => error.code(),
    };
    assert_eq!(code(&format!("<a>{}</a>", " ".repeat(193))), "fits");
    assert_eq!(code(&format!("<a>{}</a>", " ".repeat(194))), "XML-LIMIT");
    assert_eq!(code("<a><a><a/></a></a>"), "fits");
    assert_eq!(code("<a><a><a><a/></a></a></a>"), "XML-DEPTH");
    assert_eq!(code("<a><a/><a/><!----><a/></a>"), "fits");
    assert_eq!(code("<a><a/><a/><!----><a/><a/></a>"), "XML-LIMIT");
    assert_eq!(code("<a><a/><a/><!----><a/><!----></a>"), "XML-LIMIT");
    assert_eq!(code("<a b='' c='' xmlns='urn:a'/>"), "fits");
    assert_eq!(code("<a b='' c='' d=''/>"), "XML-LIMIT");
    assert_eq!(code("<a b='' c='' d='' e='' f=''/>"), "XML-LIMIT");
    assert_eq!(code("<a xmlns='urn:a' xmlns:b='urn:b'/>"), "XML-LIMIT");
    assert_eq!(code("<a xmlns='urn:a'><b xmlns='urn:b'/></a>"), "fits");
    let below = "<a xmlns='urn:a'><b xmlns='urn:b' xmlns:c='urn:c'/></a>";
    assert_eq!(code(below), "XML-LIMIT");
}

#[test]
fn metadata_may_be_twice_as_long_as_a_response() {
    let spaces = " ".repeat(2 * 1024 * 1024 - "<a></a>".len());
    let fits = |text: String| parse(text.as_bytes(), &Limits::METADATA).is_ok();
    assert!(fits(format!("<a>{spaces}</a>")));
    assert!(!fits(format!("<a>{spaces} </a>")));
}

#[test]
fn errors_name_the_place_and_nothing_that_steers_a_terminal() {
    let message = error("<a>&\u{9b}31m;</a>").to_string();
    assert_eq!(
        message,
        "the document is not well-formed at byte 3: \"&\\u{9b}31m;\" is not a reference that XML itself knows"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, &Limits::RESPONSE);
    }

    // Made of the pieces that mean something, so that most of the parser is reached.
    #[test]
    fn no_markup_makes_it_panic(pieces in proptest::collection::vec(piece(), 0..40)) {
        let text = pieces.concat();
        if let Ok(document) = read(&text) {
            prop_assert!(document.pool.len() <= text.len());
            let opened = document.root().walk(None).filter(|step| matches!(step, crate::xml::Step::Open(_)));
            prop_assert_eq!(opened.count(), document.elements().count());
        }
    }
}

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "<a>",
        "</a>",
        "<a",
        ">",
        "/>",
        " b='1'",
        " xmlns='urn:a'",
        " xmlns:p='urn:p'",
        "<p:a/>",
        " p:b=\"2\"",
        "&amp;",
        "&#10;",
        "&",
        ";",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "-",
        "<?xml version='1.0'?>",
        "<?p?>",
        "<!DOCTYPE",
        "\r\n",
        "\t",
        "text",
        "\u{feff}",
        "ö",
        "=",
        "'",
        "\"",
        "<",
        " ",
    ])
}
