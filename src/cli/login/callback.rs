//! A port on loopback that the browser comes back to, once.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use crate::cli::output::plain;

/// How long a connection may stay silent.
const SILENCE: Duration = Duration::from_secs(10);
/// How long the last page may take to reach the browser.
const GOODBYE: Duration = Duration::from_secs(2);
/// How many connections are served at a time: browsers open a few at a guess.
const CONNECTIONS: usize = 16;

/// What the browser brought.
type Brought = Result<String, String>;

/// The port.
pub(super) struct Callback {
    address: String,
    brought: tokio::sync::Mutex<mpsc::Receiver<Brought>>,
    connections: Arc<Semaphore>,
    accepting: JoinHandle<()>,
}

impl Callback {
    /// Opens a port that listens for `state` alone.
    pub(super) async fn open(state: String) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("cannot open a port on this machine for the browser to come back to")?;
        let address = format!("http://{}/callback", listener.local_addr()?);
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        let (bring, brought) = mpsc::channel(1);
        let accepting = tokio::spawn(accept(listener, state.into(), Arc::clone(&connections), bring));
        Ok(Self { address, brought: brought.into(), connections, accepting })
    }

    /// The address that the browser comes back to.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Waits for the code.
    pub(super) async fn code(&self) -> anyhow::Result<String> {
        let brought = self.brought.lock().await.recv().await.context("the port was closed")?;
        brought.map_err(|why| anyhow!("the sign-in was not finished: {why}; run `loggia login` again"))
    }

    /// Lets the last page reach the browser, and closes the port.
    pub(super) async fn finish(self) {
        self.accepting.abort();
        let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
        // A browser that holds a connection open without asking for anything is not waited for longer.
        let _ = tokio::time::timeout(GOODBYE, self.connections.acquire_many(all)).await;
    }
}

async fn accept(
    listener: TcpListener,
    state: Arc<str>,
    connections: Arc<Semaphore>,
    bring: mpsc::Sender<Brought>,
) {
    loop {
        let Ok(place) = Arc::clone(&connections).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (state, bring) = (Arc::clone(&state), bring.clone());
        tokio::spawn(async move {
            let answer = service_fn(|request: Request<hyper::body::Incoming>| {
                let (page, brought) = answer(request.uri(), &state);
                if let Some(brought) = brought {
                    // The first one counts; a reload of the page brings nothing new.
                    let _ = bring.try_send(brought);
                }
                std::future::ready(Ok::<_, Infallible>(page))
            });
            // What goes wrong on a single connection is the browser's to repeat.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(SILENCE)
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), answer)
                .await;
            drop(place);
        });
    }
}

/// The page for a request, and what it brought.
fn answer(uri: &http::Uri, state: &str) -> (Response<Full<Bytes>>, Option<Brought>) {
    if uri.path() != "/callback" {
        return (page(StatusCode::NOT_FOUND, "There is nothing here."), None);
    }
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if value("state") != Some(state) {
        let text =
            "This is not the sign-in that the terminal waits for. Run <code>loggia login</code> again.";
        return (page(StatusCode::BAD_REQUEST, text), None);
    }
    if let Some(code) = value("code").filter(|code| !code.is_empty()) {
        let text = "You can close this window and go back to the terminal.";
        return (page(StatusCode::OK, text), Some(Ok(code.to_owned())));
    }
    let why = value("error_description").or(value("error")).unwrap_or("the server sent no code");
    let text = "You are not signed in. The terminal says why; you can close this window.";
    (page(StatusCode::OK, text), Some(Err(plain(why))))
}

fn page(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Loggia</title>\
         <style>:root{{color-scheme:light dark}}body{{font:1.125rem/1.5 system-ui,sans-serif;max-width:36rem;\
         margin:20vh auto;padding:0 1.5rem}}</style><h1>Loggia</h1><p>{text}</p></html>"
    );
    let mut response = Response::new(Full::new(Bytes::from(html)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    // The address of this page holds the code.
    headers.insert(header::REFERRER_POLICY, header::HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brought(uri: &str) -> (u16, Option<Brought>) {
        let (page, brought) = answer(&uri.parse().unwrap(), "right");
        (page.status().as_u16(), brought)
    }

    #[test]
    fn only_our_own_state_is_listened_to() {
        assert_eq!(brought("/callback?code=a%2Bb&state=right"), (200, Some(Ok("a+b".into()))));
        for foreign in ["/callback?code=a&state=wrong", "/callback?code=a", "/callback", "/callback?state="] {
            assert_eq!(brought(foreign), (400, None), "{foreign}");
        }
        assert_eq!(brought("/favicon.ico"), (404, None));
    }

    #[test]
    fn a_refusal_is_brought_back_too() {
        let refused = brought("/callback?error=access_denied&error_description=Not%20today&state=right");
        assert_eq!(refused, (200, Some(Err("Not today".into()))));
        assert_eq!(brought("/callback?state=right").1, Some(Err("the server sent no code".into())));
    }
}
