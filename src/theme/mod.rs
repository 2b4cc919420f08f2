//! Templates, styles and scripts: one method a template, one typed view a page.
//!
//! 1. [`views`] say what a page is given.

pub mod views;
