//! What is counted, for Prometheus.

use std::sync::atomic::AtomicU64;

use http::StatusCode;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// The counters and their registry.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Answers by the first digit of their status; an array, so that counting takes no lock.
    answers: [Counter; 5],
    seconds: Histogram,
    /// Guides in the library.
    pub guides: Gauge,
    /// Apps in the catalog, deleted ones included.
    pub apps: Gauge,
    /// 1 while the live edition of the guides does not load, and an older one is shown.
    pub edition_failing: Gauge,
    /// The catalog's age in seconds.
    pub catalog_age: Gauge<f64, AtomicU64>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Status {
    status: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("loggia");
        let family = Family::<Status, Counter>::default();
        let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"];
        let answers = classes.map(|status| family.get_or_create_owned(&Status { status }));
        registry.register("http_answers", "Answers by class of status", family);
        let seconds = Histogram::new(exponential_buckets(0.000_25, 4.0, 9));
        registry.register_with_unit(
            "http_duration",
            "Time to an answer's head",
            Unit::Seconds,
            seconds.clone(),
        );
        let (guides, apps) = (Gauge::default(), Gauge::default());
        registry.register("guides", "Guides in the library", guides.clone());
        registry.register("apps", "Apps in the catalog", apps.clone());
        let edition_failing = Gauge::default();
        let help = "Whether the live edition of the guides does not load";
        registry.register("guides_edition_failing", help, edition_failing.clone());
        let catalog_age = Gauge::default();
        registry.register_with_unit("catalog_age", "Age of the catalog", Unit::Seconds, catalog_age.clone());
        Self { registry, answers, seconds, guides, apps, edition_failing, catalog_age }
    }
}

impl Metrics {
    pub(super) fn count(&self, status: StatusCode, seconds: f64) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.answers[class].inc();
        self.seconds.observe(seconds);
    }

    /// As `OpenMetrics` text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::new();
        match text::encode(&mut out, &self.registry) {
            Ok(()) => out,
            Err(std::fmt::Error) => "# EOF\n".to_owned(),
        }
    }
}
