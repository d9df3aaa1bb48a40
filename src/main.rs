//! The `keyloom` program: see `cli`.

use clap::Parser as _;
use std::process::ExitCode;

/// The system's allocator keeps what many threads freed in pieces, and grows for hours; this one gives pages back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keyloom::cli::Cli::parse().run()
}
