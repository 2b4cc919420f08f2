//! The integration tests: one file a surface. `support` holds the test application and the doubles.
#![cfg(test)]

mod access;
mod api;
mod apps;
mod bucket;
mod cli;
mod device;
mod guides;
mod hardening;
mod history;
mod hosting;
mod jobs;
mod keeping;
mod likeness;
mod origins;
mod readers;
mod reading;
mod releases;
mod search;
mod search_corpus;
mod search_leaks;
mod search_quality;
mod search_scope;
mod secrets;
mod serve;
mod sharing;
mod storage;
mod support;
mod synced;
mod texts;
mod tidy;
mod tokens;
