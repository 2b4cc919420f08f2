//! Logging, as the configuration says, and never a secret.

use anyhow::{Context as _, anyhow};
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use crate::config::Logs;

/// Logs to standard error from now on.
pub(super) fn start(logs: &Logs) -> anyhow::Result<()> {
    subscriber(logs, std::io::stderr)?.try_init().map_err(|error| anyhow!("cannot start logging: {error}"))
}

fn subscriber(
    logs: &Logs,
    to: impl for<'a> MakeWriter<'a> + Send + Sync + 'static,
) -> anyhow::Result<impl Subscriber + Send + Sync> {
    let wanted = EnvFilter::try_new(&logs.filter).context("cannot read the log filter")?;
    // Below `info`, libraries write whole requests, with the tokens and cookies in them.
    let ours_or_calm =
        filter_fn(|event| *event.level() <= Level::INFO || event.target().starts_with("loggia"));
    let lines = fmt::layer().with_ansi(false).with_writer(to);
    let lines = if logs.json { lines.json().boxed() } else { lines.boxed() };
    Ok(tracing_subscriber::registry().with(lines.with_filter(wanted).with_filter(ours_or_calm)))
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, json: bool) -> String {
        let page = Page::default();
        let logs = Logs { filter: filter.to_owned(), json, requests: true };
        let writer = page.clone();
        tracing::subscriber::with_default(subscriber(&logs, move || writer.clone()).unwrap(), || {
            tracing::trace!(target: "loggia::web", "ours, in detail");
            tracing::info!(target: "hyper", "theirs, calmly");
            tracing::debug!(target: "hyper::proto", "theirs, with cookies");
        });
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn libraries_never_write_in_detail() {
        for json in [false, true] {
            let lines = logged("trace,hyper=trace", json);
            assert!(lines.contains("ours, in detail") && lines.contains("theirs, calmly"), "{lines}");
            assert!(!lines.contains("cookies"), "{lines}");
        }
        assert!(!logged("info", false).contains("in detail"));
    }
}
