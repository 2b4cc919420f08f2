//! What can be typed, and what `--help` says.

use clap::{CommandFactory as _, Parser as _};

use super::Cli;

#[test]
fn the_commands_are_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn every_help_text_reads_well() {
    let mut command = Cli::command().term_width(100);
    command.build();
    insta::assert_snapshot!("help", command.render_long_help());
    for sub in command.get_subcommands_mut() {
        let name = format!("help_{}", sub.get_name());
        if name != "help_help" {
            let mut sub = sub.clone().term_width(100);
            insta::assert_snapshot!(name, sub.render_long_help());
        }
    }
}

#[test]
fn what_does_not_go_together_is_wrong_usage() {
    for wrong in [
        "share a1 --until 2026-01-01",
        "share a1 --publisher",
        "share a1 --add ann@example.org --remove bob@example.org",
        "share a1 --add ann@example.org --audience public",
        "share a1 --remove ann@example.org --audience public",
        "share a1 --add ann",
        "share a1 --audience everyone",
        "publish x --app Not-A-Name",
        "publish x",
        "activate a1 not-a-release",
        "serve --listen everywhere",
        "serve --storage gs://bucket",
    ] {
        let typed = std::iter::once("loggia").chain(wrong.split(' '));
        let error = Cli::try_parse_from(typed).expect_err(wrong);
        assert_eq!(error.exit_code(), 2, "{wrong}: {error}");
    }
}
