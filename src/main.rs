//! Parse arguments, start logging, run; the only exit.

fn main() {}
