//! The integration tests: one file a surface. `support` holds the test application and the doubles.
#![cfg(test)]

mod api;
mod cli;
mod releases;
mod tidy;
