//! The `keyloom` program: see `cli`.

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    keyloom::cli::Cli::parse().run()
}
