//! Answers `compare.py`: documents come in on standard input, each with what is asked of it, and canonical forms, or
//! codes of refusals, go out. Numbers are little-endian, of four bytes.
use anyp_saml::xml::{Defect, Limits, XmlError, parse};
use anyp_saml::xmldsig::c14n::{Options, canonicalize};
use std::io::{Read, Write, stdin, stdout};

fn main() -> std::io::Result<()> {
    let (mut input, mut output) = (stdin().lock(), stdout().lock());
    let number = |input: &mut dyn Read| -> std::io::Result<usize> {
        let mut bytes = [0; 4];
        input.read_exact(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes) as usize)
    };
    let text = |input: &mut dyn Read| -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; number(input)?];
        input.read_exact(&mut bytes)?;
        Ok(bytes)
    };
    // The end of the questions is the end of the input.
    while let Ok(apex) = number(&mut input) {
        let prefixes = String::from_utf8(text(&mut input)?).unwrap();
        let prefixes: Vec<&str> = prefixes
            .split_terminator(' ')
            .map(|prefix| if prefix == "#default" { "" } else { prefix })
            .collect();
        let answer = match parse(&text(&mut input)?, &Limits::RESPONSE) {
            Ok(document) => {
                let options = Options {
                    inclusive_prefixes: &prefixes,
                    exclude: None,
                };
                let element = document.elements().nth(apex).unwrap_or(document.root());
                canonicalize(element, &options).unwrap()
            }
            Err(XmlError::NotWellFormed {
                defect: Defect::Namespace(_),
                ..
            }) => b"!OURS".to_vec(),
            Err(error) => format!("!{} {error}", error.code()).into_bytes(),
        };
        output.write_all(&u32::try_from(answer.len()).unwrap().to_le_bytes())?;
        output.write_all(&answer)?;
        output.flush()?;
    }
    Ok(())
}
