//! A browser that is an HTTP client: it sends what browsers were measured to send, and whatever else a test wants.

use anyp_saml::address::{WebAddress, form_encoded};
use anyp_saml::demo::visitor::Form;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// A page that was shown.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Page {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What is signed in with.
#[derive(Clone, Default)]
pub struct Browser {
    /// Who is clicked at the identity provider; without a name, the first one there.
    pub user: Option<String>,
}

/// The form that the identity provider's page would post, and where it goes.
#[derive(Clone, Debug)]
pub struct ResponseForm {
    pub action: String,
    pub fields: Vec<(String, String)>,
    /// The origin of the page that it stands on.
    pub origin: String,
}

impl ResponseForm {
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The same form with a field of another value, or without it.
    pub fn with(&self, name: &str, value: Option<&str>) -> Self {
        let mut form = self.clone();
        form.fields.retain(|(known, _)| known != name);
        form.fields
            .extend(value.map(|value| (name.to_owned(), value.to_owned())));
        form
    }

    pub fn body(&self) -> String {
        form_encoded(&self.fields)
    }
}

impl Browser {
    pub fn of(user: &str) -> Self {
        Self {
            user: Some(user.to_owned()),
        }
    }

    /// Opens the link, signs in, and stops at the page that holds the response.
    pub fn sign_in(&self, link: &str) -> ResponseForm {
        let address = WebAddress::parse(link).unwrap();
        let page = get(link);
        assert_eq!(page.status, 200, "{}", page.text());
        let form = Form::of(&page.body, self.user.as_deref()).unwrap().unwrap();
        let action = format!("{}{}", address.origin(), form.action);
        let body = form_encoded(&form.fields);
        let page = post(
            &action,
            &body,
            &[
                ("Origin", &address.origin()),
                ("Sec-Fetch-Site", "same-origin"),
            ],
        );
        assert_eq!(page.status, 200, "{}", page.text());
        let form = Form::of(&page.body, None).unwrap().unwrap();
        ResponseForm {
            action: form.action,
            fields: form.fields,
            origin: address.origin(),
        }
    }

    /// Posts the response to the listener as a browser would. The answer is not followed.
    pub fn deliver(&self, form: &ResponseForm) -> Page {
        let own = [
            ("Origin", form.origin.as_str()),
            ("Sec-Fetch-Site", "cross-site"),
        ];
        post(&form.action, &form.body(), &own)
    }

    /// Opens the link, signs in, delivers the response and stays on the page behind it until its verdict stands.
    pub fn visit(&self, link: &str) -> Page {
        self.finish(&self.sign_in(link))
    }

    /// Delivers a response that is taken, and stays on the page behind it until its verdict stands.
    pub fn finish(&self, form: &ResponseForm) -> Page {
        let page = self.deliver(form);
        assert_eq!(page.status, 303, "{}", page.text());
        self.follow(form, &page)
    }

    /// The page that a delivery was redirected to, with its verdict.
    fn follow(&self, form: &ResponseForm, redirect: &Page) -> Page {
        let origin = WebAddress::parse(&form.action).unwrap().origin();
        let address = format!("{origin}{}", redirect.header("Location").unwrap());
        loop {
            let page = get(&address);
            if page.header("Refresh").is_none() {
                return page;
            }
        }
    }
}

/// Goes to an address.
pub fn get(address: &str) -> Page {
    request("GET", address, &NAVIGATION, "")
}

/// Posts a form by navigating to the address.
pub fn post(address: &str, body: &str, headers: &[(&str, &str)]) -> Page {
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let headers = [NAVIGATION.as_slice(), &form, headers].concat();
    request("POST", address, &headers, body)
}

const NAVIGATION: [(&str, &str); 3] = [
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Dest", "document"),
    ("Upgrade-Insecure-Requests", "1"),
];

/// One request with exactly these headers and what HTTP cannot do without.
pub fn request(method: &str, address: &str, headers: &[(&str, &str)], body: &str) -> Page {
    let address = WebAddress::parse(address).unwrap();
    let target = address.as_str().strip_prefix(&address.origin()).unwrap();
    let mut head = format!(
        "{method} {target} HTTP/1.1\r\nHost: {}\r\n",
        address.authority()
    );
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    if method == "POST" {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    let answer = raw(&address.authority(), format!("{head}\r\n{body}").as_bytes());
    parse(&answer)
        .unwrap_or_else(|| panic!("no HTTP answer: {:?}", String::from_utf8_lossy(&answer)))
}

/// Sends these bytes and returns what comes back until the other side closes, or for a minute.
pub fn raw(authority: &str, bytes: &[u8]) -> Vec<u8> {
    let address = authority.to_socket_addrs().unwrap().next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    // A server that refuses in the middle of the upload may close before all is written; its answer still counts.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

fn parse(answer: &[u8]) -> Option<Page> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Some(Page {
        status,
        headers,
        body: answer[end + 4..].to_vec(),
    })
}
