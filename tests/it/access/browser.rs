//! A browser of the plainest kind at the main host of a test application: it keeps cookies, and sends forms as browsers
//! do.

use std::collections::BTreeMap;

use crate::support::app::{Answer, TestApp};

/// One browser, and the cookies that it holds.
#[derive(Clone, Default)]
pub(super) struct Browser {
    pub(super) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(super) async fn get(&mut self, app: &TestApp, path: &str) -> Answer {
        self.send(app, "GET", path, None).await
    }

    pub(super) async fn post(&mut self, app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(app, "POST", path, Some(form)).await
    }

    async fn send(&mut self, app: &TestApp, method: &str, path: &str, form: Option<String>) -> Answer {
        let host = format!("localhost:{}", app.port);
        let mut head =
            vec![format!("{method} {path} HTTP/1.1"), format!("Host: {host}"), "Connection: close".into()];
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            head.push(format!("Cookie: {}", pairs.join("; ")));
        }
        if let Some(form) = &form {
            head.push(format!("Origin: http://{host}"));
            head.push("Sec-Fetch-Site: same-origin".into());
            head.push("Content-Type: application/x-www-form-urlencoded".into());
            head.push(format!("Content-Length: {}", form.len()));
        }
        let request = head.join("\r\n");
        let answer = app.raw(format!("{request}\r\n\r\n{}", form.unwrap_or_default()).into_bytes()).await;
        for line in answer.head.lines() {
            let Some(cookie) = line.strip_prefix("set-cookie: ") else { continue };
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Whether this browser is signed in.
    pub(super) async fn is_signed_in(&mut self, app: &TestApp) -> bool {
        self.get(app, "/-/account/").await.status == 200
    }
}
