//! The integration tests: one file a surface. `support` holds the test application and the doubles.
#![cfg(test)]

mod access;
mod cli;
mod search;
mod search_quality;
mod tidy;
