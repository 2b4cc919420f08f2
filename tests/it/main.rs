//! The integration tests: one file a surface. `support` holds the test application and the doubles.

mod guides;
